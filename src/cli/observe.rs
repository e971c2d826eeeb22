//! `daochain observe`

use std::{path::Path, time::Duration};

use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::{
    Session, args,
    progress::{Bar, lasting},
    prompt,
    publish::read_list,
    sending, signing,
    verdicts::DigestPart,
    verify::distinct,
};
use crate::{
    domain::{Address, Reference, image::KindedDigest},
    ops::{
        Failure,
        observe::{News, Remembered, news, observe},
        unlock::needs_passphrase,
    },
};

const SCHEMA: &str = "daochain.observe/1";

/// # Errors
/// Before anything is observed: `usage`, what keeps the account from signing. Afterwards only without --watch.
pub async fn run(session: &mut Session, args: args::Observe) -> Result<u8, Failure> {
    let account = signing::publisher(session, &args.elsewhere, args.sending.account).await?;
    let references = references(&args)?;
    let mut round = Round { args: &args, account, references, remembered: Remembered::default() };
    let Some(seconds) = args.watch else { return round.run(session).await };
    unattended(session, account).await?;
    loop {
        let next = Instant::now() + Duration::from_secs(seconds);
        if let Err(failure) = round.run(session).await {
            // The next round may find registry and node again. A document for each, as for those that went well.
            session.console.fail(&failure);
        }
        session.console.flush();
        tokio::select! {
            () = session.token.cancelled() => return Err(Failure::cancelled()),
            () = tokio::time::sleep_until(next) => {}
        }
    }
}

fn references(args: &args::Observe) -> Result<Vec<Reference>, Failure> {
    let mut all = args.references.clone();
    if let Some(file) = &args.file {
        all.extend(read_list(Path::new(file))?);
    }
    match all.as_slice() {
        [] => Err(Failure::new("usage", "the list names no image").hint("write one name a line")),
        some => Ok(distinct(some)),
    }
}

/// That nobody has to be asked at each round.
async fn unattended(session: &Session, account: Address) -> Result<(), Failure> {
    if !session.globals.yes {
        let message = "--watch signs without asking each time, and that is to be confirmed once";
        return Err(Failure::new("confirmation-needed", message).hint("give --yes, and --max-gas-price as a bound"));
    }
    if prompt::password_file(session).is_some_and(|file| file == Path::new("-")) {
        let message = "--watch opens the account's key anew at each round, and standard input is read once";
        return Err(Failure::new("usage", message).hint("name a file with --password-file, or let clef sign"));
    }
    if needs_passphrase(&session.context, account).await? && prompt::password_file(session).is_none() {
        let message = "--watch opens the account's key at each round that has news";
        return Err(Failure::new("passphrase-needed", message)
            .hint("name a file with --password-file or DAOCHAIN_PASSWORD_FILE, or let clef sign"));
    }
    Ok(())
}

/// One look at everything.
struct Round<'a> {
    args: &'a args::Observe,
    account: Address,
    references: Vec<Reference>,
    remembered: Remembered,
}

impl Round<'_> {
    async fn run(&mut self, session: &mut Session) -> Result<u8, Failure> {
        let count = self.references.len();
        let label = if count == 1 { "observing one name".to_owned() } else { format!("observing {count} names") };
        let results = if self.args.deep {
            let bar = Bar::start(&session.console, &session.token, &label);
            observe(&session.context, &self.references, &self.remembered, Some(bar)).await
        } else {
            let bar = Bar::of_seconds(&session.console, &session.token, &label);
            lasting(bar, observe(&session.context, &self.references, &self.remembered, None)).await
        };
        if session.token.is_cancelled() {
            return Err(Failure::cancelled());
        }
        let (mut seen, mut told) = (Vec::new(), Vec::new());
        for (reference, result) in self.references.iter().zip(results) {
            match result {
                Ok(observation) => seen.push(observation),
                Err(failure) => {
                    session.console.complain(&failure);
                    told.push(json!({"reference": reference, "state": "failed", "digests": [],
                        "problem": {"code": failure.code, "message": failure.message, "hint": failure.hint}}));
                }
            }
        }
        let failed = !told.is_empty();
        let digests =
            |of: &[KindedDigest]| of.iter().map(|one| DigestPart::new(one.kind, one.digest)).collect::<Vec<_>>();
        let known: Vec<_> = seen.iter().map(|one| (one.reference.clone(), json!(digests(&one.digests)))).collect();
        let observer = self.args.elsewhere.publisher.unwrap_or(self.account);
        let news = news(&session.context, observer, seen, self.args.renew).await?;
        for (reference, digests) in known {
            let state = state_of(&news, &reference);
            if state == "withdrawn" {
                let name = reference.familiar();
                session
                    .console
                    .note(&format!("daochain: {name} is served as {observer} has withdrawn it: nothing is said"));
            }
            told.push(json!({"reference": reference, "state": state, "digests": digests, "problem": null}));
        }
        if let Some(problem) = news.log_problem.as_ref().filter(|_| !news.unchanged.is_empty()) {
            session
                .console
                .note(&format!("daochain: what a name leads to no longer may have gone unnoticed: {problem}"));
        }
        let unchanged = news.unchanged.len();
        if unchanged > 0 {
            session.console.note(&format!("daochain: {unchanged} of {count} unchanged since they were observed last"));
        }
        let code = self.say(session, news, told).await?;
        Ok(if failed { code.max(1) } else { code })
    }

    /// Publishes what is new.
    async fn say(&self, session: &mut Session, news: News, told: Vec<Value>) -> Result<u8, Failure> {
        let fields = [("observed", json!(told)), ("deep", json!(self.args.deep))];
        let more: Map<_, _> = fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        if news.statements.is_empty() {
            let is_quiet = self.args.watch.is_some();
            return Ok(if is_quiet { 0 } else { sending::present_telling(session, SCHEMA, None, &[], (None, &more)) });
        }
        if self.args.elsewhere.is_elsewhere() {
            let how = (SCHEMA, true);
            return signing::elsewhere(session, &self.args.elsewhere, how, self.account, news.statements).await;
        }
        let mut pending = if self.args.sending.dry_run { Vec::new() } else { sending::take_up(session).await? };
        for statement in &news.statements {
            if let Some(reference) = statement.reference() {
                sending::refuse_pending(session, &mut pending, reference).await?;
            }
        }
        let authority = self.args.elsewhere.authority();
        let (account, sending) = (self.account, &self.args.sending);
        // What is in `statements` was compared already, and is said again where it is to be renewed.
        let task = sending::Task { schema: SCHEMA, account, sending, authority, again: true };
        sending::send_telling(session, &task, news.statements, &more).await
    }
}

fn state_of(news: &News, reference: &Reference) -> &'static str {
    if news.unchanged.contains(reference) {
        "unchanged"
    } else if news.withdrawn.contains(reference) {
        "withdrawn"
    } else {
        "new"
    }
}
