//! The log: a file in the home, and standard error when `-v` asks for it.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
    sync::Mutex,
};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::{
    filter::Targets,
    fmt::{
        layer,
        writer::{BoxMakeWriter, MakeWriterExt as _},
    },
    layer::SubscriberExt as _,
    registry,
    util::SubscriberInitExt as _,
};

use crate::config::Config;

/// A log that has grown beyond this is set aside at the next start, in the place of the one before. Bytes.
const LIMIT: u64 = 4 << 20;

/// Begins logging. A log that cannot be written costs nothing but itself: what the user must know is told anyway.
pub fn start(config: &Config, verbose: u8, screen: bool) {
    let level = match verbose {
        0 => LevelFilter::WARN,
        1 => LevelFilter::INFO,
        _ => LevelFilter::DEBUG,
    };
    let file = open(&config.home.log_file).ok().map(Mutex::new);
    // The screen owns the terminal.
    let aloud = verbose > 0 && !screen;
    let writer = match (file, aloud) {
        (Some(file), true) => BoxMakeWriter::new(file.and(io::stderr)),
        (Some(file), false) => BoxMakeWriter::new(file),
        (None, true) => BoxMakeWriter::new(io::stderr),
        (None, false) => return,
    };
    // Libraries write whole addresses, keys of paid services among them: only what is ours is told in detail.
    let filter = Targets::new().with_default(LevelFilter::WARN).with_target("daochain", level);
    let _ = registry().with(layer().with_writer(writer).with_ansi(false)).with(filter).try_init();
}

fn open(path: &Path) -> io::Result<File> {
    if fs::metadata(path).is_ok_and(|meta| meta.len() > LIMIT) {
        fs::rename(path, path.with_extension("log.old"))?;
    }
    OpenOptions::new().append(true).create(true).mode(0o600).open(path)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_long_log_is_set_aside_and_nobody_else_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("daochain.log");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        open(&path).unwrap().set_len(LIMIT + 1).unwrap();
        assert_eq!(mode(&path), 0o600);
        open(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().len(), 0);
        assert_eq!(fs::metadata(folder.path().join("daochain.log.old")).unwrap().len(), LIMIT + 1);
    }
}
