//! `daochain publish`

use std::{fs::File, io::Read as _, path::Path};

use super::{
    Session, args,
    progress::Bar,
    sending, signing,
    sources::{self, Measuring},
    verify::distinct,
};
use crate::{
    domain::{Reference, image::LocalImage},
    ops::{
        Failure,
        release::{Release, amended},
    },
};

/// Longest list of references, in bytes.
const LIST_LIMIT: u64 = 1 << 20;

pub async fn run(session: &mut Session, args: args::Publish) -> Result<u8, Failure> {
    let mut references = args.references.clone();
    if let Some(list) = &args.from_file {
        references.extend(read_list(list)?);
    }
    let references = distinct(&references);
    if references.is_empty() && args.archive.is_empty() {
        return Err(Failure::new("usage", "the file names no image").hint("write one image name on each line"));
    }
    let account = signing::publisher(session, &args.elsewhere, args.sending.account).await?;
    let authority = args.elsewhere.authority();
    let mut pending = if args.sending.dry_run || args.elsewhere.is_elsewhere() {
        Vec::new()
    } else {
        sending::take_up(session).await?
    };
    let releases = if args.remote {
        of_registries(session, &args, &references).await?
    } else if args.archive.is_empty() {
        of_list(session, &references).await?
    } else {
        of_archives(session, &args, &references).await?
    };
    let mut statements = Vec::with_capacity(releases.len());
    for mut release in releases {
        sending::refuse_pending(session, &mut pending, &release.reference).await?;
        if args.all_platforms {
            if let Some(note) = release.told_partial(args.remote)? {
                session.console.note(&note);
            }
        } else if let Some(note) = release.keep_local().map_err(of_platforms)? {
            session.console.note(&format!("{note}, which --all-platforms publishes as well"));
        }
        let statement = release.statement(args.with_layers, args.annotations.clone());
        statements.push(if args.amend {
            // What is held already is told as such.
            amended(&session.context, &statement, authority.publisher(account)).await?.unwrap_or(statement)
        } else {
            statement
        });
    }
    if args.elsewhere.is_elsewhere() {
        let how = ("daochain.publish/1", args.again);
        return signing::elsewhere(session, &args.elsewhere, how, account, statements).await;
    }
    let task =
        sending::Task { schema: "daochain.publish/1", account, sending: &args.sending, authority, again: args.again };
    sending::send(session, &task, statements).await
}

/// What to do where a name stands for several platforms.
fn of_platforms(failure: Failure) -> Failure {
    failure.hint("--all-platforms publishes all of them, --archive FILE those of one file")
}

async fn of_list(session: &Session, references: &[Reference]) -> Result<Vec<Release>, Failure> {
    let list = sources::list(session).await;
    let is_meant = |image: &&LocalImage| image.references.iter().any(|reference| references.contains(reference));
    let meant: Vec<_> = list.images.iter().filter(is_meant).cloned().collect();
    let found = sources::evidence_of_all(session, &meant, Measuring::Once).await?;
    let mut releases = Vec::with_capacity(references.len());
    for reference in references {
        if !list.images.iter().any(|image| image.references.contains(reference)) {
            return Err(sources::absent(&list, reference));
        }
        let mut release = Release::of(reference);
        release.add_listed(&session.context, &list.images, &found).await?;
        releases.push(release);
    }
    Ok(releases)
}

async fn of_registries(
    session: &Session,
    args: &args::Publish,
    references: &[Reference],
) -> Result<Vec<Release>, Failure> {
    let mut releases = Vec::with_capacity(references.len());
    for reference in references {
        let name = format!("hashing {} at {}", reference.familiar(), reference.registry());
        let bar = Bar::start(&session.console, &session.token, &name);
        let mut release = Release::of(reference);
        let read = release.add_served(&session.context, args.all_platforms, bar).await;
        read.map_err(|failure| match failure.code {
            "image-unreadable" if !args.all_platforms => {
                failure.hint("--all-platforms reads every platform that it has")
            }
            _ => failure,
        })?;
        releases.push(release);
    }
    Ok(releases)
}

async fn of_archives(
    session: &Session,
    args: &args::Publish,
    references: &[Reference],
) -> Result<Vec<Release>, Failure> {
    let mut releases: Vec<Release> = references.iter().map(Release::of).collect();
    for path in &args.archive {
        let images = sources::archive(session, path, Measuring::Once).await?;
        if references.is_empty() {
            add_all(path, &images, &mut releases)?;
            continue;
        }
        for release in &mut releases {
            release.add_archived(path, &images)?;
        }
    }
    Ok(releases)
}

/// Releases an archive's images under the names that it gives them.
fn add_all(path: &Path, images: &[LocalImage], releases: &mut Vec<Release>) -> Result<(), Failure> {
    if images.iter().all(|image| image.references.is_empty()) {
        return Err(sources::nameless(path));
    }
    for image in images {
        for reference in &image.references {
            let at = releases.iter().position(|release| release.reference == *reference).unwrap_or_else(|| {
                releases.push(Release::of(reference));
                releases.len() - 1
            });
            releases[at].add(image.platform.as_deref(), &image.evidence)?;
        }
    }
    Ok(())
}

/// Names that a file lists, one a line.
///
/// # Errors
/// `file-unreadable`, `usage` with the line.
pub fn read_list(path: &Path) -> Result<Vec<Reference>, Failure> {
    let shown = path.display();
    let unreadable = |cause: &str| Failure::new("file-unreadable", &format!("list `{shown}` cannot be read: {cause}"));
    let mut text = String::new();
    let file = File::open(path).map_err(|error| unreadable(&error.to_string()))?;
    let read = file.take(LIST_LIMIT + 1).read_to_string(&mut text).map_err(|error| unreadable(&error.to_string()))?;
    if read as u64 > LIST_LIMIT {
        return Err(unreadable("it is larger than 1 MiB"));
    }
    parse_list(&text).map_err(|(line, cause)| Failure::new("usage", &format!("line {line} of list `{shown}`: {cause}")))
}

/// One reference a line; empty lines and those that begin with `#` are skipped.
fn parse_list(text: &str) -> Result<Vec<Reference>, (usize, String)> {
    let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim()));
    lines
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .map(|(at, line)| {
            line.parse().map_err(|error: crate::domain::reference::ReferenceError| (at, error.to_string()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn a_list_names_one_image_a_line() {
        assert_eq!(parse_list("# ours\nacme/api:1\n\n  acme/web:2 \n").unwrap().len(), 2);
        assert_eq!(parse_list("acme/api:1\nNOT VALID\n").unwrap_err().0, 2);
    }
}
