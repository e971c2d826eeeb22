//! `daochain trust export`, `import` and `publish`: a policy as one file.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::super::{Session, args, carry, prompt, sending, signing};
use crate::{
    domain::{Address, Digest, Reference, text::count, trust::TrustPolicy, verdict::Conclusion},
    ops::{
        Failure,
        trust::{export_policy, import_policy, judge_policy, policy_for, policy_text, read_policy, release_of},
    },
};

/// The longest policy, in bytes: as long as the file may be.
const LIMIT: usize = 1 << 20;

/// `daochain.trust-export/1`
#[derive(Serialize)]
struct Exported {
    schema: &'static str,
    file: Option<PathBuf>,
    /// Of the policy's bytes: what `trust publish` releases.
    digest: Digest,
    bytes: usize,
    /// The policy, where no file was named.
    policy: Option<String>,
}

/// # Errors
/// When the policy cannot be read, or the file not be written.
pub async fn export(session: &mut Session, out: Option<&Path>) -> Result<u8, Failure> {
    let text = policy_text(&session.context)?;
    let (bytes, digest) = (text.len(), Digest::of(text.as_bytes()));
    if let Some(out) = out {
        export_policy(out, text.clone()).await?;
    }
    let file = out.map(Path::to_owned);
    let policy = out.is_none().then_some(text);
    let document = Exported { schema: "daochain.trust-export/1", file, digest, bytes, policy };
    if let Some(text) = document.policy.as_ref().filter(|_| !session.console.json) {
        session.console.raw(text);
        session.console.note(&format!("{digest}"));
        return Ok(0);
    }
    session.console.present(&document, |page| {
        page.field("file", out.unwrap_or(Path::new("-")).display());
        page.field("digest", digest);
    });
    Ok(0)
}

/// Takes a policy over; the exit code of the verdict where it was to be verified and was not.
///
/// # Errors
/// `trust-invalid` and nothing is applied; when it cannot be read or written.
pub async fn import(
    session: &mut Session,
    file: &Path,
    replace: bool,
    wanted: Option<(Reference, Vec<Address>)>,
) -> Result<Result<TrustPolicy, u8>, Failure> {
    let text = read(file).await?;
    let policy = read_policy(file, &text)?;
    if let Some((reference, publishers)) = wanted {
        let by = policy_for(&session.context, &publishers)?;
        let name = reference.familiar().to_owned();
        let judgement = judge_policy(&session.context, reference, &text, &by).await;
        let verdict = judgement.verdicts.into_iter().next().ok_or_else(|| Failure::new("internal", "no verdict"))?;
        if verdict.conclusion != Conclusion::Verified {
            let message = format!(
                "`{}` is not a verified release of {name}, and was not taken over: {}",
                file.display(),
                verdict.reason
            );
            let failure = Failure::new("policy-unverified", &message).hint("get the file from its publisher again");
            session.console.fail(&failure);
            return Ok(Err(verdict.conclusion.exit_code()));
        }
        session.console.note(&format!("verified: {}", verdict.reason));
    }
    let entries = [(policy.rules.len(), "rule"), (policy.denials.len(), "denial"), (policy.demands.len(), "demand")];
    let entries = entries.map(|(number, one)| count(number, one)).join(", ");
    let how = if replace { "in place of all that is there" } else { "beside those that are there" };
    let question = format!("Take over {entries} {how}?");
    prompt::confirm(session, &question).await?;
    Ok(Ok(import_policy(&session.context, file, &text, replace)?))
}

/// # Errors
/// As `publish`.
pub async fn publish(
    session: &mut Session,
    reference: Reference,
    file: Option<&Path>,
    (sending_args, elsewhere): (&args::Sending, &args::Elsewhere),
) -> Result<u8, Failure> {
    const SCHEMA: &str = "daochain.publish/1";
    let account = signing::publisher(session, elsewhere, sending_args.account).await?;
    let text = match file {
        Some(file) => {
            let text = read(file).await?;
            read_policy(file, &text)?;
            text
        }
        None => policy_text(&session.context)?,
    };
    let is_here = !sending_args.dry_run && !elsewhere.is_elsewhere();
    let mut pending = if is_here { sending::take_up(session).await? } else { Vec::new() };
    sending::refuse_pending(session, &mut pending, &reference).await?;
    let statements = vec![release_of(reference, &text)];
    if elsewhere.is_elsewhere() {
        return signing::elsewhere(session, elsewhere, (SCHEMA, false), account, statements).await;
    }
    let authority = elsewhere.authority();
    let task = sending::Task { schema: SCHEMA, account, sending: sending_args, authority, again: false };
    sending::send(session, &task, statements).await
}

async fn read(file: &Path) -> Result<String, Failure> {
    let hint = "name the file that `trust export` wrote, or - for standard input";
    let text = carry::receive(file).await.map_err(|failure| Failure { hint: Some(hint.to_owned()), ..failure })?;
    if text.len() > LIMIT {
        let message = format!("`{}` is larger than 1 MiB, and no trust policy is", file.display());
        return Err(Failure::new("file-unreadable", &message).hint(hint));
    }
    Ok(text)
}
