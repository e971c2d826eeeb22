//! Requests and signatures as text that files, clipboards and QR codes carry: `daochain.request/1`, `daochain.signature/1`.
//!
//! What is signed follows from the members alone, and a member that is not known is refused: whoever signs is shown all of
//! what it signs.

use std::{fs::File, io::Read, path::Path};

use serde::{Deserialize, Serialize};

use crate::{
    domain::{
        Address, Digest, Reference, Timestamp,
        digest::DigestKind,
        image::KindedDigest,
        publication::{SignedRequest, SigningRequest, Statement},
        text::clean_to,
    },
    ops::{Failure, context::blocking},
};

const REQUEST: &str = "daochain.request/1";
const SIGNATURE: &str = "daochain.signature/1";
/// Larger than any that can be sent: a block takes no call of this length.
const LIMIT: usize = 1 << 20;
/// The contract's bounds on one statement.
const DIGESTS: std::ops::RangeInclusive<usize> = 1..=64;
const WORDS: usize = 4096;
/// A key's signature has 65 bytes; a contract account may want those of many owners.
const SIGNATURE_BYTES: usize = 16 << 10;

/// What a text is.
#[derive(Debug)]
pub enum Document {
    /// To be signed.
    Request(SigningRequest),
    /// Signed.
    Signed(SignedRequest),
}

/// What every document says first.
#[derive(Deserialize)]
struct Kind {
    schema: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    schema: String,
    chain_id: u64,
    contract: Address,
    publisher: Address,
    nonce: u64,
    deadline: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    publish: Option<Vec<Release>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoke: Option<Revocation>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Release {
    reference: Reference,
    digests: Vec<Kinded>,
    #[serde(default, skip_serializing_if = "is_zero")]
    amends: u32,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    annotations: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kinded {
    /// The contract's number of the kind.
    kind: u8,
    digest: Digest,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Revocation {
    reference: Reference,
    digests: Vec<Digest>,
    reason: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    schema: String,
    request: Request,
    signature: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's form")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// A request as text, on one line.
///
/// # Errors
/// `unsignable` for what only the publisher's own transaction can say.
pub fn request_text(request: &SigningRequest) -> Result<String, Failure> {
    text(&Request::try_from(request)?)
}

/// A signature with its request as text, on one line.
///
/// # Errors
/// As [`request_text`].
pub fn signature_text(signed: &SignedRequest) -> Result<String, Failure> {
    let request = Request::try_from(&signed.request)?;
    let signature = format!("0x{}", hex::encode(&signed.signature));
    text(&Answer { schema: SIGNATURE.to_owned(), request, signature })
}

/// The text of `source`, which lies at `path`: one byte more than any may have at most, which tells it from one that is longer.
///
/// # Errors
/// `file-unreadable`.
pub fn text_of(source: impl Read, path: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    let read = source.take(LIMIT as u64 + 1).read_to_string(&mut text);
    read.map(|_| text).map_err(|error| unreadable(path, &error))
}

/// The text of a file.
///
/// # Errors
/// As [`text_of`].
pub async fn read_file(path: &Path) -> Result<String, Failure> {
    let path = path.to_owned();
    blocking(move || {
        let file = File::open(&path).map_err(|error| unreadable(&path, &error))?;
        text_of(file, &path)
    })
    .await
}

fn unreadable(path: &Path, cause: &std::io::Error) -> Failure {
    let message = format!("`{}` cannot be read: {cause}", path.display());
    Failure::new("file-unreadable", &message).hint("name the file of a request or signature, or - for standard input")
}

/// Reads either of them. Strangers write these.
///
/// # Errors
/// `request-invalid`, with what is wrong.
pub fn read(text: &str) -> Result<Document, Failure> {
    if text.len() > LIMIT {
        return Err(invalid(&format!("it is longer than {} MiB", LIMIT >> 20)));
    }
    let broken = |error: serde_json::Error| invalid(&clean_to(&error.to_string(), 200));
    let Kind { schema } = serde_json::from_str(text).map_err(broken)?;
    match schema.as_str() {
        REQUEST => Ok(Document::Request(serde_json::from_str::<Request>(text).map_err(broken)?.try_into()?)),
        SIGNATURE => {
            let Answer { request, signature, .. } = serde_json::from_str(text).map_err(broken)?;
            if request.schema != REQUEST {
                return Err(invalid("the request within it is of another kind"));
            }
            Ok(Document::Signed(SignedRequest {
                request: request.try_into()?,
                signature: signature_bytes(&signature)?,
            }))
        }
        other => Err(invalid(&format!("it is a `{}`", clean_to(other, 60)))),
    }
}

/// A signature as wallets print it.
///
/// # Errors
/// `request-invalid`, with what is wrong.
pub fn signature_bytes(text: &str) -> Result<Vec<u8>, Failure> {
    let digits = text.trim().strip_prefix("0x").unwrap_or_else(|| text.trim());
    if digits.len() > 2 * SIGNATURE_BYTES {
        return Err(invalid(&format!("its signature is longer than {SIGNATURE_BYTES} bytes")));
    }
    hex::decode(digits)
        .ok()
        .filter(|bytes| !bytes.is_empty())
        .ok_or_else(|| invalid("its signature is not `0x` and hex digits"))
}

fn text(document: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string(document).map_err(|error| Failure::new("internal", &error.to_string()))
}

fn invalid(cause: &str) -> Failure {
    Failure::new("request-invalid", &format!("it is no request or signature of this program: {cause}"))
        .hint("`daochain publish --cold` makes requests, `daochain sign` makes signatures; take the whole text")
}

impl TryFrom<&SigningRequest> for Request {
    type Error = Failure;

    fn try_from(request: &SigningRequest) -> Result<Self, Failure> {
        let (mut publish, mut revoke) = (None, None);
        match &request.statement {
            Statement::Release { .. } | Statement::Releases { .. } => {
                publish = Some(request.statement.parts().iter().filter_map(release).collect());
            }
            Statement::Revocation { reference, digests, reason } => {
                let (reference, digests, reason) = (reference.clone(), digests.clone(), reason.clone());
                revoke = Some(Revocation { reference, digests, reason });
            }
            other => {
                let message = format!("a {} cannot be signed for others to send", other.word());
                return Err(Failure::new("unsignable", &message).hint("its publisher sends it itself"));
            }
        }
        Ok(Self {
            schema: REQUEST.to_owned(),
            chain_id: request.chain_id,
            contract: request.contract,
            publisher: request.publisher,
            nonce: request.nonce,
            deadline: request.deadline,
            publish,
            revoke,
        })
    }
}

fn release(statement: &Statement) -> Option<Release> {
    let Statement::Release { reference, digests, amends, annotations } = statement else { return None };
    let kinded = |one: &KindedDigest| Kinded { kind: one.kind.code(), digest: one.digest };
    let digests = digests.iter().map(kinded).collect();
    Some(Release { reference: reference.clone(), digests, amends: *amends, annotations: annotations.clone() })
}

impl TryFrom<Request> for SigningRequest {
    type Error = Failure;

    fn try_from(request: Request) -> Result<Self, Failure> {
        let Request { chain_id, contract, publisher, nonce, deadline, publish, revoke, .. } = request;
        let statement = match (publish, revoke) {
            (Some(releases), None) => published(releases)?,
            (None, Some(Revocation { reference, digests, reason })) => {
                within("digests", digests.len())?;
                bounded("reason", &reason)?;
                Statement::Revocation { reference, digests, reason }
            }
            _ => return Err(invalid("it asks neither to publish nor to revoke, or for both")),
        };
        Ok(Self { chain_id, contract, publisher, statement, nonce, deadline })
    }
}

fn published(releases: Vec<Release>) -> Result<Statement, Failure> {
    let mut statements = Vec::with_capacity(releases.len());
    for Release { reference, digests, amends, annotations } in releases {
        within("digests", digests.len())?;
        bounded("annotations", &annotations)?;
        let kinded = |one: Kinded| KindedDigest { kind: DigestKind::from_code(one.kind), digest: one.digest };
        let digests = digests.into_iter().map(kinded).collect();
        statements.push(Statement::Release { reference, digests, amends, annotations });
    }
    match statements.as_slice() {
        [] => Err(invalid("it names no release")),
        [_] => statements.pop().ok_or_else(|| invalid("it names no release")),
        [first, ..] => {
            let Some(reference) = first.reference().cloned() else { return Err(invalid("it names no release")) };
            Ok(Statement::Releases { reference, releases: statements })
        }
    }
}

fn within(what: &str, count: usize) -> Result<(), Failure> {
    if DIGESTS.contains(&count) {
        Ok(())
    } else {
        Err(invalid(&format!("it has {count} {what}, where 1 to 64 may be")))
    }
}

fn bounded(what: &str, words: &str) -> Result<(), Failure> {
    if words.len() <= WORDS { Ok(()) } else { Err(invalid(&format!("its {what} have more than {WORDS} bytes"))) }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn request() -> SigningRequest {
        let release = |name: &str| Statement::Release {
            reference: name.parse().unwrap(),
            digests: vec![
                KindedDigest { kind: DigestKind::Config, digest: Digest::of(b"a") },
                KindedDigest { kind: DigestKind::Other(9), digest: Digest::of(b"b") },
            ],
            amends: 0,
            annotations: r#"{"a":1}"#.to_owned(),
        };
        SigningRequest {
            chain_id: 1,
            contract: Address::from_bytes([1; 20]),
            publisher: Address::from_bytes([2; 20]),
            statement: Statement::Releases {
                reference: "acme/api:1".parse().unwrap(),
                releases: vec![release("acme/api:1"), release("acme/web:2")],
            },
            nonce: 3,
            deadline: Timestamp(1_800_000_000),
        }
    }

    #[test]
    fn both_survive_being_written() {
        let text = request_text(&request()).unwrap();
        assert!(matches!(read(&text).unwrap(), Document::Request(read) if read == request()), "{text}");
        let revocation = Statement::Revocation {
            reference: "acme/api:1".parse().unwrap(),
            digests: vec![Digest::of(b"a")],
            reason: "leaked".to_owned(),
        };
        let signed =
            SignedRequest { request: SigningRequest { statement: revocation, ..request() }, signature: vec![7; 65] };
        let text = signature_text(&signed).unwrap();
        assert!(matches!(read(&text).unwrap(), Document::Signed(read) if read == signed), "{text}");
    }

    #[test]
    fn what_a_signer_would_not_be_shown_is_refused() {
        let text = request_text(&request()).unwrap();
        let changed = |from: &str, to: &str| text.replacen(from, to, 1);
        let many = format!("[{}]", [r#"{"kind":1,"digest":"sha256:0"}"#; 3].join(","));
        for bad in [
            changed(r#""nonce":3"#, r#""nonce":3,"more":1"#),
            changed(r#""nonce":3"#, r#""nonce":-3"#),
            changed(r#""nonce":3"#, r#""nonce":3,"nonce":4"#),
            changed(r#""kind":9"#, r#""kind":256"#),
            changed("acme/api:1", "ACME//"),
            changed("publish", "revoke"),
            changed(REQUEST, "daochain.request/2"),
            changed("sha256:", "sha512:"),
            text.replace(
                r#""publish":"#,
                &format!(r#""revoke":{{"reference":"a","digests":{many},"reason":""}},"publish":"#),
            ),
            text[..text.len() - 1].to_owned(),
            String::new(),
            "[]".to_owned(),
            " ".repeat(LIMIT + 1),
        ] {
            assert_eq!(read(&bad).unwrap_err().code, "request-invalid", "{bad}");
        }
    }

    #[test]
    fn what_only_its_publisher_can_say_is_not_asked_for() {
        let own = Statement::Retirement { reference: None, reason: "lost".to_owned() };
        let request = SigningRequest { statement: own, ..request() };
        assert_eq!(request_text(&request).unwrap_err().code, "unsignable");
    }
}
