//! The file that keeps the dev chain, and survives whatever ends the process.
//!
//! ```text
//! head    8 bytes  "DAOCHAIN"
//!         4        version of this layout, 1
//!         8        when the chain was made, Unix seconds
//!        20        the faucet's address
//!        32        the genesis block's hash
//!         8        SHA-256 of the above, its first bytes
//! record  4        n, the block's length
//!         4        n's bitwise complement
//!         n        the block, RLP
//!         8        SHA-256 of the block, its first bytes
//! record  …
//! ```
//! Numbers are big-endian. A record is written and synced before its transaction is answered. The
//! complement tells a length that was damaged from a record that was not finished: the second is
//! what a kill or a power cut leaves at the end, and is cut off; anything else that cannot be read
//! is copied to another file before it is cut off.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::DevnetError;
use super::genesis::{Seed, fingerprint};
use super::home::{free_name, set_aside, write_private};

const MAGIC: &[u8; 8] = b"DAOCHAIN";
const VERSION: u32 = 1;
const HEAD: usize = 8 + 4 + 8 + 20 + 32 + CHECK;
const CHECK: usize = 8;
/// Length and complement.
const PREFIX: usize = 8;
/// One transaction of at most 128 KiB and its header fit many times; more is damage.
const LONGEST_BLOCK: u32 = 4 * 1024 * 1024;

/// The blocks file, open for reading its records once and for appending after that.
#[derive(Debug)]
pub(super) struct BlocksFile {
    file: File,
    path: PathBuf,
    /// Where the last accepted record ends.
    end: u64,
    /// The file may hold bytes behind `end`, left by an append that failed.
    untidy: bool,
}

/// What stands at the end of the accepted records.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// A whole record with this block.
    Block(Vec<u8>),
    /// Nothing: the file ends here.
    End,
    /// The beginning of a record that was never finished, with its bytes.
    Torn(u64),
    /// Something else.
    Damaged,
}

impl BlocksFile {
    /// Opens the chain of `faucet` in `dir`, or begins one at the time `now`. A file that holds
    /// another chain, or none that can be told, is set aside with a notice.
    pub(super) fn open(
        dir: &Path,
        faucet: [u8; 20],
        now: u64,
        notices: &mut Vec<String>,
    ) -> Result<(Self, Seed), DevnetError> {
        let path = dir.join("blocks");
        let seed = match read_head(&path).map_err(DevnetError::file("read", &path))? {
            Head::Absent => None,
            Head::Chain(seed, hash) if seed.faucet == faucet && fingerprint(&seed)? == hash => Some(seed),
            Head::Chain(..) => {
                let name = set_aside(&path, "other")?;
                notices.push(format!(
                    "the blocks file belonged to another chain and is kept as `{name}`; a new dev chain was begun"
                ));
                None
            }
            Head::Unreadable => {
                let name = set_aside(&path, "damaged")?;
                notices
                    .push(format!("the blocks file was unreadable and is kept as `{name}`; a new dev chain was begun"));
                None
            }
        };
        let seed = match seed {
            Some(seed) => seed,
            None => begin(&path, faucet, now)?,
        };
        let file = File::options().read(true).write(true).open(&path).map_err(DevnetError::file("open", &path))?;
        let blocks = Self { file, path, end: HEAD as u64, untidy: false };
        Ok((blocks, seed))
    }

    /// A file without a head, to see what a device does to an append.
    #[cfg(test)]
    pub(super) fn on(path: &Path) -> io::Result<Self> {
        Ok(Self {
            file: File::options().read(true).write(true).open(path)?,
            path: path.to_path_buf(),
            end: 0,
            untidy: false,
        })
    }

    /// Reads what stands behind the accepted records, and accepts nothing.
    pub(super) fn next(&mut self) -> Result<Next, DevnetError> {
        self.read_record().map_err(DevnetError::file("read", &self.path))
    }

    fn read_record(&mut self) -> io::Result<Next> {
        let left = self.file.metadata()?.len().saturating_sub(self.end);
        if left == 0 {
            return Ok(Next::End);
        }
        if left < PREFIX as u64 {
            return Ok(Next::Torn(left));
        }
        self.file.seek(SeekFrom::Start(self.end))?;
        let length = read_number(&mut self.file)?;
        let complement = read_number(&mut self.file)?;
        if length != !complement || length > LONGEST_BLOCK {
            return Ok(Next::Damaged);
        }
        if left < record_size(length) {
            return Ok(Next::Torn(left));
        }
        let mut block = vec![0; length as usize];
        self.file.read_exact(&mut block)?;
        let mut check = [0; CHECK];
        self.file.read_exact(&mut check)?;
        Ok(if check == checksum(&block) { Next::Block(block) } else { Next::Damaged })
    }

    /// Accepts the record that [`Self::next`] read, whose block has `length` bytes.
    pub(super) fn accept(&mut self, length: usize) {
        self.end += (PREFIX + length + CHECK) as u64;
    }

    /// Cuts off a record that was never finished.
    pub(super) fn cut_torn(&mut self) -> Result<(), DevnetError> {
        self.cut().map_err(DevnetError::file("shorten", &self.path))
    }

    /// Copies everything behind the accepted records to another file, then cuts it off.
    /// Returns the other file's name.
    pub(super) fn set_rest_aside(&mut self) -> Result<String, DevnetError> {
        let (free, name) = free_name(&self.path, "damaged");
        self.copy_rest(&free).map_err(DevnetError::file("write", free))?;
        self.cut().map_err(DevnetError::file("shorten", &self.path))?;
        Ok(name)
    }

    fn copy_rest(&mut self, to: &Path) -> io::Result<()> {
        let mut copy = File::options().create_new(true).write(true).open(to)?;
        self.file.seek(SeekFrom::Start(self.end))?;
        io::copy(&mut self.file, &mut copy)?;
        copy.sync_all()
    }

    /// Appends one block; when this returns, it is on the disk. After a failure nothing of it counts.
    pub(super) fn append(&mut self, block: &[u8]) -> Result<(), DevnetError> {
        let outcome = self.write_record(block);
        if outcome.is_err() {
            self.untidy = self.cut().is_err();
        }
        outcome.map_err(DevnetError::file("write", &self.path))
    }

    fn write_record(&mut self, block: &[u8]) -> io::Result<()> {
        if self.untidy {
            self.cut()?;
            self.untidy = false;
        }
        let length = u32::try_from(block.len())
            .ok()
            .filter(|length| *length <= LONGEST_BLOCK)
            .ok_or(io::ErrorKind::FileTooLarge)?;
        let mut record = Vec::with_capacity(PREFIX + block.len() + CHECK);
        record.extend_from_slice(&length.to_be_bytes());
        record.extend_from_slice(&(!length).to_be_bytes());
        record.extend_from_slice(block);
        record.extend_from_slice(&checksum(block));
        self.file.seek(SeekFrom::Start(self.end))?;
        self.file.write_all(&record)?;
        self.file.sync_data()?;
        self.end += record.len() as u64;
        Ok(())
    }

    fn cut(&mut self) -> io::Result<()> {
        self.file.set_len(self.end)?;
        self.file.sync_all()
    }
}

enum Head {
    Absent,
    Chain(Seed, [u8; 32]),
    Unreadable,
}

fn read_head(path: &Path) -> io::Result<Head> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Head::Absent),
        Err(error) => return Err(error),
    };
    let mut head = [0; HEAD];
    match file.read_exact(&mut head) {
        Ok(()) => Ok(parse_head(&head)),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(Head::Unreadable),
        Err(error) => Err(error),
    }
}

fn parse_head(head: &[u8; HEAD]) -> Head {
    let (body, check) = head.split_at(HEAD - CHECK);
    let (magic, body) = body.split_at(8);
    let (version, body) = body.split_at(4);
    let (created, body) = body.split_at(8);
    let (faucet, hash) = body.split_at(20);
    let created = created.try_into().map(u64::from_be_bytes);
    match (created, faucet.try_into(), hash.try_into()) {
        (Ok(created), Ok(faucet), Ok(hash))
            if magic == MAGIC && version == VERSION.to_be_bytes() && check == checksum(&head[..HEAD - CHECK]) =>
        {
            Head::Chain(Seed { created, faucet }, hash)
        }
        _ => Head::Unreadable,
    }
}

fn begin(path: &Path, faucet: [u8; 20], now: u64) -> Result<Seed, DevnetError> {
    let seed = Seed { created: now, faucet };
    let mut head = Vec::with_capacity(HEAD);
    head.extend_from_slice(MAGIC);
    head.extend_from_slice(&VERSION.to_be_bytes());
    head.extend_from_slice(&seed.created.to_be_bytes());
    head.extend_from_slice(&seed.faucet);
    head.extend_from_slice(&fingerprint(&seed)?);
    let check = checksum(&head);
    head.extend_from_slice(&check);
    write_private(path, &head).map_err(DevnetError::file("write", path))?;
    Ok(seed)
}

fn checksum(bytes: &[u8]) -> [u8; CHECK] {
    let mut check = [0; CHECK];
    check.copy_from_slice(&Sha256::digest(bytes)[..CHECK]);
    check
}

fn record_size(length: u32) -> u64 {
    u64::from(length) + (PREFIX + CHECK) as u64
}

fn read_number(file: &mut File) -> io::Result<u32> {
    let mut bytes = [0; 4];
    file.read_exact(&mut bytes)?;
    Ok(u32::from_be_bytes(bytes))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::fs;

    use proptest::prelude::*;

    use super::*;

    const FAUCET: [u8; 20] = [9; 20];

    /// Opens the file in `dir` and reads all of it as a host does, without executing.
    fn read_all(dir: &Path) -> (Vec<Vec<u8>>, Vec<String>) {
        let mut notices = Vec::new();
        let (mut file, _) = BlocksFile::open(dir, FAUCET, 1, &mut notices).unwrap();
        let mut blocks = Vec::new();
        loop {
            match file.next().unwrap() {
                Next::Block(block) => {
                    file.accept(block.len());
                    blocks.push(block);
                }
                Next::End => return (blocks, notices),
                Next::Torn(_) => file.cut_torn().unwrap(),
                Next::Damaged => notices.push(file.set_rest_aside().unwrap()),
            }
        }
    }

    fn write_all(dir: &Path, blocks: &[Vec<u8>]) {
        let (mut file, _) = BlocksFile::open(dir, FAUCET, 1, &mut Vec::new()).unwrap();
        for block in blocks {
            file.append(block).unwrap();
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn a_file_cut_anywhere_keeps_every_whole_record(
            blocks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 1..6),
            cut in any::<prop::sample::Index>(),
        ) {
            let dir = tempfile::tempdir().unwrap();
            write_all(dir.path(), &blocks);
            let path = dir.path().join("blocks");
            let body = fs::metadata(&path).unwrap().len() - HEAD as u64;
            let kept = HEAD as u64 + cut.index(usize::try_from(body).unwrap() + 1) as u64;
            File::options().write(true).open(&path).unwrap().set_len(kept).unwrap();

            let mut whole = 0;
            let mut end = HEAD;
            for block in &blocks {
                end += PREFIX + block.len() + CHECK;
                whole += usize::from(end as u64 <= kept);
            }
            let (read, notices) = read_all(dir.path());
            prop_assert_eq!(&read, &blocks[..whole]);
            prop_assert!(notices.is_empty());
            prop_assert_eq!(read_all(dir.path()).0, read);
        }

        #[test]
        fn a_changed_byte_keeps_what_was_before_it_and_loses_nothing(
            blocks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 1..6),
            at in any::<prop::sample::Index>(),
            flip in 1..=255_u8,
        ) {
            let dir = tempfile::tempdir().unwrap();
            write_all(dir.path(), &blocks);
            let path = dir.path().join("blocks");
            let mut bytes = fs::read(&path).unwrap();
            let at = HEAD + at.index(bytes.len() - HEAD);
            bytes[at] ^= flip;
            fs::write(&path, &bytes).unwrap();

            let mut before = 0;
            let mut end = HEAD;
            for block in &blocks {
                end += PREFIX + block.len() + CHECK;
                before += usize::from(end <= at);
            }
            let (read, notices) = read_all(dir.path());
            prop_assert_eq!(&read, &blocks[..before]);
            let mut all = fs::read(&path).unwrap();
            all.extend(fs::read(dir.path().join(&notices[0])).unwrap());
            prop_assert_eq!(all, bytes);
        }
    }

    #[test]
    fn another_faucet_or_a_stranger_sets_the_file_aside() {
        let dir = tempfile::tempdir().unwrap();
        write_all(dir.path(), &[vec![1, 2, 3]]);
        let mut notices = Vec::new();
        let (mut file, seed) = BlocksFile::open(dir.path(), [1; 20], 5, &mut notices).unwrap();
        assert_eq!(file.next().unwrap(), Next::End);
        assert_eq!(seed.created, 5);
        assert!(notices[0].contains("another chain"), "{notices:?}");

        fs::write(dir.path().join("blocks"), b"not a chain").unwrap();
        BlocksFile::open(dir.path(), [1; 20], 6, &mut notices).unwrap();
        assert!(notices[1].contains("unreadable"), "{notices:?}");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 3);
    }
}
