//! Headers that continue in a block of their own: GNU long names and PAX records.

use std::borrow::Cow;

use tar::EntryType;

use super::{
    archive::Header,
    error::{ImageError, shown},
};
use crate::domain::digest::Digest;

/// Extensions that wait for their member. Two different values for one field are refused: programs choose differently.
#[derive(Default)]
pub(super) struct Extensions {
    name: Option<Vec<u8>>,
    target: Option<Vec<u8>>,
    size: Option<u64>,
    pending: bool,
    /// A PAX header is among those that wait.
    pax: bool,
    /// Who owns the member, where the numbers are too large for its own block.
    user: Option<u64>,
    group: Option<u64>,
    /// SHA-256 of each extended attribute.
    attributes: Vec<Digest>,
}

/// What extensions say of a member, where it is looked at as a file and not as a part of an image.
pub(super) struct Parts {
    pub(super) name: Option<Vec<u8>>,
    pub(super) target: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    pub(super) user: Option<u64>,
    pub(super) group: Option<u64>,
    attributes: Vec<Digest>,
}

impl Parts {
    /// SHA-256 of all extended attributes, in whatever order they stood.
    pub(super) fn attributes(&self) -> Option<Digest> {
        let mut all = self.attributes.clone();
        all.sort_unstable();
        let bytes: Vec<u8> = all.iter().flat_map(|one| *one.as_bytes()).collect();
        (!all.is_empty()).then(|| Digest::of(&bytes))
    }
}

impl Extensions {
    pub(super) fn is_kind(kind: EntryType) -> bool {
        kind.is_gnu_longname()
            || kind.is_gnu_longlink()
            || kind.is_pax_local_extensions()
            || kind.is_pax_global_extensions()
    }

    /// True when no member is waited for.
    pub(super) const fn is_empty(&self) -> bool {
        !self.pending
    }

    /// Adds one extension. The error is the end of a sentence.
    pub(super) fn add(&mut self, kind: EntryType, text: &[u8]) -> Result<(), &'static str> {
        // Go gives up what waits when another header of this kind comes, others do not.
        if self.pending && (kind.is_pax_global_extensions() || (self.pax && kind.is_pax_local_extensions())) {
            return Err("an extended header stands between another one and its member");
        }
        if kind.is_pax_global_extensions() {
            let plain = |record: Record<'_>| match record.key {
                b"path" | b"linkpath" | b"size" => Err("a global header names or measures every member"),
                _ => Ok(()),
            };
            return records(text).try_for_each(|record| record.and_then(plain));
        }
        self.pending = true;
        if kind.is_pax_local_extensions() {
            self.pax = true;
            return records(text).try_for_each(|record| self.record(&record?));
        }
        let text = text.strip_suffix(b"\0").unwrap_or(text);
        set(if kind.is_gnu_longname() { &mut self.name } else { &mut self.target }, text.to_vec())
    }

    fn record(&mut self, record: &Record<'_>) -> Result<(), &'static str> {
        match record.key {
            b"path" => set(&mut self.name, record.value.to_vec()),
            b"linkpath" => set(&mut self.target, record.value.to_vec()),
            b"size" => set(&mut self.size, whole(record.value).ok_or("a PAX size is no number")?),
            b"uid" => {
                self.user = whole(record.value);
                Ok(())
            }
            b"gid" => {
                self.group = whole(record.value);
                Ok(())
            }
            key if key.starts_with(b"SCHILY.xattr.") => {
                self.attributes.push(Digest::of(&[key, b"=", record.value].concat()));
                Ok(())
            }
            key if key.starts_with(b"GNU.sparse.") => Err("sparse members are not part of image archives"),
            _ => Ok(()),
        }
    }

    /// What they say, as it is written.
    pub(super) fn into_parts(self) -> Parts {
        let Self { name, target, size, user, group, attributes, .. } = self;
        Parts { name, target, size, user, group, attributes }
    }

    /// The member's header, with `name` and `size` as its own block says them.
    pub(super) fn entry(
        self,
        header: &tar::Header,
        name: Vec<u8>,
        size: u64,
        start: u64,
    ) -> Result<Header, ImageError> {
        let kind = header.entry_type();
        let known = kind.is_file()
            || kind.is_contiguous()
            || kind.is_dir()
            || kind.is_symlink()
            || kind.is_hard_link()
            || kind.is_character_special()
            || kind.is_block_special()
            || kind.is_fifo();
        if !known {
            return Err(ImageError::malformed(start, "a member's kind is not part of image archives"));
        }
        let text = |bytes: Cow<'_, [u8]>| match String::from_utf8(bytes.into_owned()) {
            Ok(text) if !text.contains('\0') => Ok(text),
            Ok(text) => Err(ImageError::refused(format!("the member name `{}` holds a zero", shown(&text)))),
            Err(_) => Err(ImageError::refused(format!("the name of the member at byte {start} is no UTF-8"))),
        };
        let size = self.size.unwrap_or(size);
        // Offsets are signed 64-bit numbers for every program that makes or reads archives.
        if i64::try_from(size).is_err() {
            return Err(ImageError::malformed(start, "a member is larger than any file"));
        }
        Ok(Header {
            name: text(Cow::Owned(self.name.unwrap_or(name)))?,
            target: match self.target.map(Cow::Owned).or_else(|| header.link_name_bytes()) {
                Some(target) => Some(text(target)?),
                None => None,
            },
            size,
            kind,
        })
    }
}

/// A whole number in digits.
fn whole(digits: &[u8]) -> Option<u64> {
    let is_number = digits.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(digits).ok().filter(|_| is_number).and_then(|text| text.parse().ok())
}

fn set<T: PartialEq>(slot: &mut Option<T>, value: T) -> Result<(), &'static str> {
    if slot.as_ref().is_some_and(|first| *first != value) {
        return Err("two extended headers of one member differ");
    }
    *slot = Some(value);
    Ok(())
}

struct Record<'a> {
    key: &'a [u8],
    value: &'a [u8],
}

/// `LENGTH KEY=VALUE\n`, where the length counts the whole record. The `tar` crate splits at line ends instead, and so
/// cannot read values that hold one.
fn records(text: &[u8]) -> impl Iterator<Item = Result<Record<'_>, &'static str>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let record = split_record(rest);
        rest = record.as_ref().map_or(&[], |(_, rest)| rest);
        Some(record.map(|(record, _)| record).ok_or("a PAX record is malformed"))
    })
}

fn split_record(text: &[u8]) -> Option<(Record<'_>, &[u8])> {
    let space = text.iter().position(|byte| *byte == b' ')?;
    let digits = &text[..space];
    let length: usize = std::str::from_utf8(digits).ok().filter(|it| !it.starts_with('+'))?.parse().ok()?;
    let record = text.get(space + 1..length)?.strip_suffix(b"\n")?;
    let equals = record.iter().position(|byte| *byte == b'=')?;
    Some((Record { key: &record[..equals], value: &record[equals + 1..] }, &text[length..]))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use proptest::prelude::*;

    fn record(key: &str, value: &[u8]) -> Vec<u8> {
        let content = key.len() + value.len() + 3;
        let length = (1..9).map(|digits| content + digits).find(|all| all.to_string().len() == all - content).unwrap();
        [length.to_string().as_bytes(), b" ", key.as_bytes(), b"=", value, b"\n"].concat()
    }

    proptest! {
        #[test]
        fn records_are_cut_by_their_length(values in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..200), 0..5)) {
            let text: Vec<u8> = values.iter().flat_map(|value| record("SCHILY.xattr.x", value)).collect();
            let found: Vec<_> = records(&text).map(|record| record.unwrap().value.to_vec()).collect();
            prop_assert_eq!(found, values);
        }

        #[test]
        fn no_text_panics(text in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = Extensions::default().add(EntryType::XHeader, &text);
        }
    }

    #[test]
    fn two_names_for_one_member_are_refused() {
        let mut extensions = Extensions::default();
        extensions.add(EntryType::GNULongName, b"manifest.json\0").unwrap();
        extensions.add(EntryType::XHeader, &record("path", b"manifest.json")).unwrap();
        assert!(extensions.add(EntryType::XHeader, &record("path", b"other.json")).is_err());
        assert!(Extensions::default().add(EntryType::XGlobalHeader, &record("path", b"x")).is_err());
        assert!(Extensions::default().add(EntryType::XHeader, &record("size", b"+1")).is_err());
        assert!(Extensions::default().add(EntryType::XHeader, &record("GNU.sparse.major", b"1")).is_err());
    }
}
