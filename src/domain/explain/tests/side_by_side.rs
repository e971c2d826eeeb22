//! Layers in columns, and files.

use super::*;
use crate::domain::compare::{
    Comparison, FileChanges, FileEntry, FileKind, LayerFiles, LayerPart, Makeup, Origin, Parameter,
};

fn makeup(layers: &[(&str, &str)]) -> Makeup {
    let layer = |(content, made_by): &(&str, &str)| LayerPart {
        diff_id: Digest::of(content.as_bytes()),
        bytes: Some(1234),
        stored: None,
        made_by: Some((*made_by).to_owned()),
    };
    Makeup {
        config: Digest::of(b"config"),
        platform: None,
        layers: layers.iter().map(layer).collect(),
        parameters: None,
    }
}

fn comparison() -> Comparison {
    Comparison {
        here: makeup(&[("base", "FROM debian"), ("evil", "COPY app /srv"), ("more", "RUN 日本 chmod u+s /bin/sh")]),
        released: makeup(&[("base", "FROM debian"), ("good", "COPY app /srv")]),
        version: Some(3),
        origin: Origin::Measured,
    }
}

#[test]
fn layers_stand_in_two_columns_that_fit() {
    use unicode_width::UnicodeWidthStr as _;
    for width in [40, 78, 118] {
        let section = layers_section(&comparison(), width);
        let rows: Vec<_> = section.lines.iter().filter(|line| line.is_row).collect();
        assert!(rows.iter().all(|line| line.text.width() <= width), "{width}: {rows:?}");
        let bars: Vec<_> = rows.iter().map(|line| line.text.find('│').map(|at| line.text[..at].width())).collect();
        assert!(bars.iter().all(|bar| *bar == bars[0]), "{bars:?}");
        let signs: String = rows.iter().skip(1).filter_map(|line| line.text.chars().next()).collect();
        assert_eq!(signs, "=≠+");
    }
    let section = layers_section(&comparison(), 78);
    assert!(section.lines[1].text.starts_with("1 the same, 1 different, 1 only here, 0 only released"));
    let mut same = comparison();
    same.here = same.released.clone();
    let told = |same: &Comparison| -> Vec<String> {
        layers_section(same, 78)
            .lines
            .into_iter()
            .skip(1)
            .map(|line| line.text)
            .take_while(|text| !text.contains('│'))
            .collect()
    };
    let all = "all 2 layers are the same; only the configuration differs";
    assert_eq!(told(&same), [all, "how containers of one of them are run was not kept: measure it again"]);
    let parameter = |name: &str, value: &str| Parameter { name: name.to_owned(), value: value.to_owned() };
    same.here.parameters = Some(vec![parameter("Env LD_PRELOAD", "/x.so"), parameter("User", "root")]);
    same.released.parameters = same.here.parameters.clone();
    assert_eq!(
        told(&same),
        [
            all,
            "as far as `config` says containers of both are run in the same way; the rest of the configuration differs"
        ]
    );
    same.released.parameters = Some(vec![parameter("User", "app")]);
    let differ = ["2 things differ of how containers are run:", "Env LD_PRELOAD: here /x.so, released –"];
    assert_eq!(told(&same), [all, differ[0], differ[1], "User: here root, released app"]);
}

#[test]
fn files_are_told_and_what_runs_as_its_owner_stands_out() {
    let comparison = comparison();
    let pair = comparison.different()[1];
    let mut here = LayerFiles::none(Digest::of(b"more"));
    let shell = FileEntry {
        kind: FileKind::File,
        size: 3,
        mode: 0o4755,
        owner: (0, 0),
        modified: 0,
        digest: Some(Digest::of(b"sh")),
        attributes: None,
    };
    here.files.insert(b"bin/\x1b[2Jsh".as_slice().into(), shell);
    let changes = FileChanges::between(&here, &LayerFiles::none(here.diff_id));
    let section = files_section(&comparison, pair, &changes);
    assert!(section.title.starts_with("Files of layer 3, only here: RUN"), "{}", section.title);
    let line = &section.lines[1];
    assert_eq!(line.tone, Tone::Bad);
    assert!(line.text.starts_with("+ bin/\\u{1b}[2Jsh  3 bytes, mode 4755, owner 0:0"), "{}", line.text);
    assert!(line.text.ends_with("RUNS AS ITS OWNER"));
}

#[test]
fn a_page_with_both_sides_offers_the_files() {
    let mut one = told(Conclusion::Mismatch);
    one.comparison = Some(Ok(comparison()));
    says(&one, &["--files] Some(Files)", "v3, configuration"]);
}
