//! The page that tells why, played by messages: what it asks for, what it shows, and that it stops when nobody looks.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod screen;

use std::time::Duration;

use daochain::{
    app::{
        Effect, Key, Msg,
        form::Name,
        model::Dialog,
        msg::{TrustMsg, WhyMsg},
    },
    domain::{
        Digest,
        compare::{
            Comparison, FileChanges, FileEntry, FileKind, LayerFiles, LayerPart, Makeup, Origin, Pair, Parameter,
        },
        progress::Progress,
        trust::{Rule, TrustPolicy},
    },
};
use screen::{Play, address, embedded, problem};

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

fn snapshots(name: &str, scene: impl Fn(u16, u16) -> Play) {
    for (width, height) in SIZES {
        let screen = scene(width, height).screen();
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(format!("{name}_{width}x{height}"), screen);
        });
    }
}

/// The page of a mismatch, with what it asks for beside the layers.
fn page(width: u16, height: u16) -> Play {
    let rule = Rule { name: Some("acme".into()), ..Rule::new("docker.io/acme/*".parse().unwrap(), address(1)) };
    let policy = TrustPolicy { rules: vec![rule], ..TrustPolicy::default() };
    Play::ready(width, height)
        .select("acme/api:latest")
        .key(Key::Enter)
        .tell(Msg::Trust(TrustMsg::Read(Ok(policy))))
        .tell(embedded())
}

fn comparison() -> Comparison {
    let layer = |content: &str, bytes: u64, by: &str| LayerPart {
        diff_id: Digest::of(content.as_bytes()),
        bytes: Some(bytes),
        stored: None,
        made_by: Some(by.to_owned()),
    };
    let base = layer("base", 74_800_000, "ADD file:2a1b in /");
    let makeup = |config: &str, layers: &[LayerPart], user: &str| Makeup {
        config: Digest::of(config.as_bytes()),
        platform: Some("linux/amd64".into()),
        layers: layers.to_vec(),
        parameters: Some(vec![Parameter { name: "User".into(), value: user.into() }]),
    };
    let here = [
        base.clone(),
        layer("evil", 12_340_000, "COPY app /srv/app"),
        layer("more", 4096, "RUN 日本 chmod u+s /bin/su && rm -rf /var/lib/apt/lists"),
    ];
    Comparison {
        here: makeup("here", &here, "root"),
        released: makeup("released", &[base, layer("good", 12_200_000, "COPY app /srv/app")], "app"),
        version: Some(7),
        origin: Origin::Measured,
    }
}

fn ticket(play: &Play) -> u64 {
    let asked = play.asked.iter().rev().find_map(|effect| match effect {
        Effect::Compare { ticket, .. } | Effect::ListFiles { ticket, .. } => Some(*ticket),
        _ => None,
    });
    asked.expect("something was asked for")
}

fn compared(play: Play) -> Play {
    let ticket = ticket(&play);
    play.tell(Msg::Why(WhyMsg::Compared { ticket, result: Ok(Box::new(comparison())) }))
}

fn listed(play: Play) -> Play {
    let ticket = ticket(&play);
    let entry = |mode, content: &str| FileEntry {
        kind: FileKind::File,
        size: content.len() as u64,
        mode,
        owner: (0, 0),
        modified: 0,
        digest: Some(Digest::of(content.as_bytes())),
        attributes: None,
    };
    let layer = |files: &[(&str, FileEntry)]| LayerFiles {
        files: files.iter().map(|(name, entry)| (name.as_bytes().into(), entry.clone())).collect(),
        ..LayerFiles::none(Digest::of(b"x"))
    };
    let here = layer(&[("bin/\u{1b}[2Jsu", entry(0o4755, "su")), ("srv/app", entry(0o755, "evil"))]);
    let released = layer(&[("bin/\u{1b}[2Jsu", entry(0o755, "su")), ("srv/app", entry(0o755, "good!"))]);
    let pairs = comparison().different();
    let files = vec![
        (pairs[0], FileChanges::between(&here, &released)),
        (pairs[1], FileChanges::between(&here, &LayerFiles::none(Digest::of(b"")))),
    ];
    play.tell(Msg::Why(WhyMsg::Listed { ticket, result: Ok(files) }))
}

#[test]
fn the_page_as_a_reader_sees_it() {
    snapshots("why_mismatch", |width, height| compared(page(width, height)));
    snapshots("why_layers", |width, height| compared(page(width, height)).key(Key::End));
    snapshots("why_files", |width, height| listed(compared(page(width, height)).keys("f")).key(Key::End));
}

#[test]
fn opening_asks_for_the_policy_the_endpoints_and_what_is_known_of_the_released_image() {
    let play = Play::ready(80, 24).select("acme/api:latest");
    let before = play.asked.len();
    let play = play.key(Key::Enter);
    let asked = &play.asked[before..];
    assert!(asked.contains(&Effect::ReadNode), "{asked:?}");
    assert!(play.asked.contains(&Effect::ReadTrust), "at the latest now");
    let looks = |effect: &Effect| matches!(effect, Effect::Compare { anywhere: false, .. });
    assert_eq!(asked.iter().filter(|effect| looks(effect)).count(), 1, "{asked:?}");
    let before = play.asked.len();
    let play = play.after(1).key(Key::Down).key(Key::Up);
    assert!(!play.asked[before..].iter().any(looks), "nothing is asked for twice");
}

#[test]
fn the_registry_is_asked_on_demand_and_escape_stops_it_before_it_closes_the_page() {
    let play = page(200, 60);
    let looked = ticket(&play);
    let nothing = problem("not-compared", "which layers the released image has is not known here", "ask for them");
    let play = play.tell(Msg::Why(WhyMsg::Compared { ticket: looked, result: Err(nothing) }));
    assert!(play.text().contains("which layers the released image has is not known here"));
    let text = play.text();
    assert!(
        text.contains("Get the released image's list of layers and compare  l"),
        "its key stands behind it: {text}"
    );
    let commands: Vec<_> = text.lines().filter(|line| line.contains("daochain ")).map(str::trim).collect();
    assert_eq!(commands, ["daochain pull acme/api:latest"], "and no command where there is a key: {text}");
    let play = play.keys("l");
    let fetched = ticket(&play);
    assert!(play.asked.iter().any(|effect| matches!(effect, Effect::Compare { anywhere: true, .. })));
    assert!(play.text().contains("getting the released image's layers"));
    let far = |ticket, done, elapsed| {
        let progress = Progress { done, total: Some(51_000_000), elapsed: Duration::from_secs(elapsed) };
        Msg::Why(WhyMsg::Progress { ticket, progress })
    };
    let play = play.tell(far(fetched, 10_000_000, 1)).tell(far(looked, 1, 9)).tell(far(fetched, 20_000_000, 2));
    assert!(play.text().contains("layers: 20.0 MB of 51.0 MB, 10.0 MB/s; Esc stops it"), "{}", play.text());
    let play = play.key(Key::Esc);
    assert_eq!(play.asked.last(), Some(&Effect::Undo(fetched)));
    assert!(play.model.wide, "the page stays");
    let late = Msg::Why(WhyMsg::Compared { ticket: fetched, result: Ok(Box::new(comparison())) });
    let play = play.tell(late);
    assert!(play.model.why.comparison.as_ref().unwrap().is_err(), "what was stopped is not taken in");
    let play = play.key(Key::Esc);
    assert!(!play.model.wide && play.model.why.question.is_none());
}

#[test]
fn files_are_listed_once_the_layers_are_known() {
    let play = page(80, 24).keys("f");
    assert!(play.text().contains("the released image's layers are not known yet"), "{}", play.text());
    let play = compared(play).keys("f");
    let asked = |play: &Play| play.asked.iter().filter(|effect| matches!(effect, Effect::ListFiles { .. })).count();
    assert_eq!(asked(&play), 1);
    let failed = problem("not-compared", "layer 2 is not to be had", "measure it");
    let ticket = ticket(&play);
    let play = play.tell(Msg::Why(WhyMsg::Listed { ticket, result: Err(failed) })).key(Key::End);
    assert!(play.text().contains("layer 2 is not to be had"), "{}", play.text());
    let play = listed(play.keys("f")).keys("f");
    assert_eq!(asked(&play), 2, "they are known now");
    assert!(play.text().contains("listed already"), "{}", play.text());
}

#[test]
fn another_image_is_compared_anew_and_what_ran_is_stopped() {
    let play = page(80, 24);
    let first = ticket(&play);
    let play = play.keys("1");
    assert!(play.asked.contains(&Effect::Undo(first)), "nobody looks any more");
    let verified = Play::ready(80, 24).select("acme/web:1.2").key(Key::Enter);
    assert!(
        !verified.asked.iter().any(|effect| matches!(effect, Effect::Compare { .. })),
        "there is nothing to compare"
    );
    assert!(verified.keys("l").text().contains("there is no released image to compare"));
}

#[test]
fn a_pair_is_told_by_its_places() {
    let pairs: Vec<Pair> = comparison().pairs();
    assert_eq!(
        pairs.iter().map(|pair| (pair.here, pair.released)).collect::<Vec<_>>(),
        [(Some(0), Some(0)), (Some(1), Some(1)), (Some(2), None)]
    );
}

#[test]
fn who_published_is_asked_in_another_pane_and_whose_name_is_told_there() {
    let play = Play::ready(120, 40).select("tools/x:2").key(Key::Enter).key(Key::End);
    let text = play.text();
    // The form of the trust pane does not know which image was selected here.
    assert!(text.contains("4 D") && text.contains("daochain trust discover tools/x:2"), "{text}");
    let trusting = play.keys("t");
    let is_filled =
        |dialog: &Dialog| matches!(dialog, Dialog::Form(form) if form.text(Name::Pattern).contains("tools/x"));
    assert!(trusting.model.dialog.as_ref().is_some_and(is_filled), "this page's key knows: {}", trusting.text());
}
