//! Reading a tar archive once, from front to end.
//!
//! ```text
//! [extension …] header, content, padding │ header, … │ zero block, zero block │ zeros until the end
//! ```
//!
//! Headers are parsed by the `tar` crate, save where it reads another name or size than engines do (`header.rs`). The walk
//! is this room's own, because that crate's iterator takes the end of the stream for the end of the archive (so a
//! truncated one looks whole), holds long names of any length in memory, and stops before what an engine may have written
//! behind the last member.

use std::io::{BufRead, ErrorKind};

use serde::Deserialize;

use super::{
    codec,
    contents::{Contents, Member},
    error::{ImageError, shown},
    extension::Extensions,
    feed::{Feed, go_on},
    header, json,
    limits::{EXTENSION_BYTES, TRAILER_BYTES},
    member::MemberHash,
    names,
};
use crate::domain::{digest::Digest, progress::Watch, text::clean_to};

pub(super) const BLOCK: usize = 512;

/// Every member of the archive.
pub(super) fn read(feed: Feed, watch: &dyn Watch) -> Result<Contents, ImageError> {
    read_until(feed, watch, &[], &|_| false)
}

/// The members up to the one with which there is `enough`; all of them where there never is. The files of the `wanted` layers are
/// listed on the way.
pub(super) fn read_until(
    feed: Feed,
    watch: &dyn Watch,
    wanted: &[Digest],
    enough: &dyn Fn(&Contents) -> bool,
) -> Result<Contents, ImageError> {
    let (input, window) = codec::unpacked(feed)?;
    let mut archive = Archive { input, offset: 0, watch };
    let mut contents = Contents::beside(window).wanting(wanted);
    let mut extensions = Extensions::default();
    loop {
        let start = archive.offset;
        let block = archive.header_block()?;
        if block.iter().all(|byte| *byte == 0) {
            if !extensions.is_empty() {
                return Err(ImageError::malformed(start, "an extended header has no member"));
            }
            archive.finish()?;
            return Ok(contents);
        }
        let header = tar::Header::from_byte_slice(&block);
        archive.check_sum(start, header, &block)?;
        let size = header::size(&block).ok_or_else(|| ImageError::malformed(start, "a member's size is no number"))?;
        let kind = header.entry_type();
        if Extensions::is_kind(kind) {
            contents.count("")?;
            let text = archive.extension(start, size)?;
            extensions.add(kind, &text).map_err(|problem| ImageError::malformed(start, problem))?;
            continue;
        }
        let name = header::name(&block).map_err(|problem| ImageError::malformed(start, problem))?;
        let entry = std::mem::take(&mut extensions).entry(header, name, size, start)?;
        let is_document = archive.member(start, &entry, &mut contents)?;
        if (is_document || !wanted.is_empty()) && enough(&contents) {
            return Ok(contents);
        }
    }
}

/// A member's header with its extensions applied.
pub(super) struct Header {
    /// As it is written in the archive.
    pub(super) name: String,
    /// Target of a link.
    pub(super) target: Option<String>,
    /// Bytes of content.
    pub(super) size: u64,
    pub(super) kind: tar::EntryType,
}

struct Archive<'w, R> {
    input: R,
    offset: u64,
    watch: &'w dyn Watch,
}

impl<R: BufRead> Archive<'_, R> {
    /// Hands the next `size` bytes to `take`, chunk by chunk.
    fn pass(&mut self, size: u64, mut take: impl FnMut(&[u8]) -> Result<(), ImageError>) -> Result<(), ImageError> {
        let mut left = size;
        while left > 0 {
            go_on(self.watch)?;
            let bytes = self.input.fill_buf().map_err(|error| ImageError::from_read(self.offset, error))?;
            if bytes.is_empty() {
                return Err(ImageError::Truncated { offset: self.offset });
            }
            let count = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            take(&bytes[..count])?;
            self.input.consume(count);
            self.offset += count as u64;
            left -= count as u64;
        }
        Ok(())
    }

    /// Up to `limit` bytes, fewer at the end of the stream.
    fn take(&mut self, limit: usize) -> Result<Vec<u8>, ImageError> {
        let mut taken = Vec::new();
        while taken.len() < limit {
            go_on(self.watch)?;
            let bytes = match self.input.fill_buf() {
                Ok([]) => break,
                Ok(bytes) => bytes,
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => break,
                Err(error) => return Err(ImageError::from_read(self.offset, error)),
            };
            let count = bytes.len().min(limit - taken.len());
            taken.extend_from_slice(&bytes[..count]);
            self.input.consume(count);
            self.offset += count as u64;
        }
        Ok(taken)
    }

    /// The block at a member's beginning.
    fn header_block(&mut self) -> Result<[u8; BLOCK], ImageError> {
        let block = self.take(BLOCK)?;
        match <[u8; BLOCK]>::try_from(block) {
            Ok(block) => Ok(block),
            Err(part) => Err(engine_error(&part).unwrap_or(ImageError::Truncated { offset: self.offset })),
        }
    }

    /// The header's own check sum: the only thing that tells a header from any other block.
    fn check_sum(&mut self, start: u64, header: &tar::Header, block: &[u8; BLOCK]) -> Result<(), ImageError> {
        if header.cksum().is_ok_and(|claimed| claimed == sum(block)) {
            return Ok(());
        }
        let mut text = block.to_vec();
        if block.trim_ascii_start().starts_with(b"{") {
            text.extend(self.take(TRAILER_BYTES)?);
        }
        Err(engine_error(&text).unwrap_or_else(|| {
            let problem = if start == 0 {
                "its first bytes are neither tar, gzip nor zstd"
            } else {
                "there is no header where the next member should begin"
            };
            ImageError::malformed(start, problem)
        }))
    }

    /// An extended header's text.
    fn extension(&mut self, start: u64, size: u64) -> Result<Vec<u8>, ImageError> {
        if size > EXTENSION_BYTES {
            return Err(ImageError::refused(format!("the extended header at byte {start} is larger than 1 MiB")));
        }
        let mut text = Vec::new();
        self.pass(size, |bytes| {
            text.extend_from_slice(bytes);
            Ok(())
        })?;
        self.pass(padding(size), |_| Ok(()))?;
        Ok(text)
    }

    /// Hashes a member and remembers it. True for a document.
    fn member(&mut self, start: u64, header: &Header, contents: &mut Contents) -> Result<bool, ImageError> {
        contents.count(&header.name)?;
        let name = names::normalise(&header.name)
            .ok_or_else(|| ImageError::refused(format!("the member name `{}` leads out of it", shown(&header.name))))?;
        let is_file = header.kind.is_file() || header.kind.is_contiguous();
        if !is_file && header.size > 0 {
            // GNU tar and Go take no content here, others do: they would read different members from here on.
            let problem = format!("`{}` is no file and has content", shown(&name));
            return Err(ImageError::ambiguous(problem));
        }
        let member = if header.kind.is_dir() || (is_file && header.name.ends_with('/') && header.size == 0) {
            return Ok(false);
        } else if name.is_empty() || header.name.ends_with('/') {
            return Err(ImageError::malformed(start, "a member's name is a folder's"));
        } else if is_file {
            let mut hash = MemberHash::new(header.size, contents, self.watch);
            self.pass(header.size, |bytes| hash.push(bytes))?;
            self.pass(padding(header.size), |_| Ok(()))?;
            Member::File(hash.finish()?)
        } else {
            link(&name, header)?
        };
        let is_document = matches!(&member, Member::File(blob) if blob.document().is_some());
        contents.add(name, member)?;
        Ok(is_document)
    }

    /// After the first zero block: the second one, then nothing but zeros.
    fn finish(&mut self) -> Result<(), ImageError> {
        let second = self.header_block()?;
        if second.iter().any(|byte| *byte != 0) {
            let mut text = second.to_vec();
            text.extend(self.take(TRAILER_BYTES)?);
            return Err(self.trailer(&text, self.offset));
        }
        loop {
            go_on(self.watch)?;
            let bytes = self.input.fill_buf().map_err(|error| ImageError::from_read(self.offset, error))?;
            if bytes.is_empty() {
                return Ok(());
            }
            let count = bytes.len();
            if let Some(zeros) = bytes.iter().position(|byte| *byte != 0) {
                self.input.consume(zeros);
                self.offset += zeros as u64;
                let start = self.offset;
                let text = self.take(TRAILER_BYTES)?;
                return Err(self.trailer(&text, start));
            }
            self.input.consume(count);
            self.offset += count as u64;
        }
    }

    /// What bytes behind the archive mean: the engine's error, or something that another program might read.
    fn trailer(&self, text: &[u8], start: u64) -> ImageError {
        engine_error(text).unwrap_or_else(|| {
            ImageError::malformed(start.min(self.offset), "there are bytes behind the end-of-archive marker")
        })
    }
}

/// What a member without content is.
fn link(name: &str, header: &Header) -> Result<Member, ImageError> {
    let Some(target) = header.target.as_deref() else { return Ok(Member::Special) };
    if header.kind.is_hard_link() {
        return Ok(names::normalise(target).map_or(Member::Special, Member::HardLink));
    }
    if !header.kind.is_symlink() {
        return Ok(Member::Special);
    }
    if names::is_equivocal(target) {
        // One engine starts absolute targets at the archive's root, another at the link's folder; one follows a link in
        // the middle before it goes up again, another does not.
        let problem = format!(
            "the link `{}` leads to `{}`, which engines take for different members",
            shown(name),
            shown(target)
        );
        return Err(ImageError::ambiguous(problem));
    }
    Ok(names::link_target(name, target).map_or(Member::Special, Member::Link))
}

fn padding(size: u64) -> u64 {
    size.next_multiple_of(BLOCK as u64) - size
}

/// POSIX's check sum: all bytes of the header, its own field taken as spaces.
pub(super) fn sum(block: &[u8; BLOCK]) -> u32 {
    let field = 148..156;
    block.iter().enumerate().map(|(at, byte)| if field.contains(&at) { 32 } else { u32::from(*byte) }).sum()
}

/// Docker writes an error of a stream that has begun as JSON behind what it wrote (moby, `httputils.WriteJSON` and
/// `streamformatter`), and one that comes before as the whole answer.
#[derive(Deserialize)]
struct EngineError {
    #[serde(rename = "errorDetail", default)]
    detail: Option<EngineErrorDetail>,
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    message: Option<String>,
}

#[derive(Deserialize)]
struct EngineErrorDetail {
    message: Option<String>,
}

fn engine_error(text: &[u8]) -> Option<ImageError> {
    let answer: EngineError = json::first(text.trim_ascii_start())?;
    let message = answer.detail.and_then(|detail| detail.message).or(answer.error).or(answer.message)?;
    Some(ImageError::Engine { message: clean_to(message.trim(), 500) })
}
