//! Questions whose answer is a dialog of its own.

mod candidates;
mod hashing;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    Runtime,
    board::{Awaited, Unshown},
    deeds::expanded,
    market::beside,
    translate,
};
use crate::{
    app::{
        effect::{Effect, GivenSource, TrustChange},
        model::Tone,
        msg::{Msg, SignMsg},
        report::{Fact, Inquiry, Told},
        sign::{Document, Quote},
        trust::{Change, changes},
    },
    config::{self, Setting},
    domain::{
        Address, Namespace, Reference, Wei,
        namespace::{Finding, Judged, Standing},
        progress::Watch,
        publication::Statement,
        text::{clean, count},
        trust::TrustPolicy,
        verdict::Conclusion,
        wish::{Origin, ReleaseWish},
    },
    ops::{
        self, Context, Failure,
        contract::{ContractView, Contracts, quote_deploy, show_contracts},
        namespace::{Examined, claimed_by, examine},
        release::compose,
        signing,
        trust::{judge_policy, policy_for, policy_text, read_policy, release_of, whole_policy},
    },
};

/// What a text is called that was pasted.
const PASTED: &str = "the pasted text";
/// The longest policy, in bytes: as long as the file may be.
const LIMIT: usize = 1 << 20;

impl Runtime {
    /// Takes what is asked before something is signed, or for its own sake.
    pub(super) fn look_up(&mut self, effect: Effect) {
        match effect {
            Effect::Inquire { ticket, inquiry } => self.inquire(ticket, inquiry),
            Effect::Resume => {
                let found = |found| Msg::Sign(SignMsg::Resumed(found));
                self.answer("looking up open publications", found, |context| async move {
                    ops::follow::resume(&context).await.map(translate::resumed)
                });
            }
            Effect::Look { publication, entry } => {
                let settled = move |result| Msg::Sign(SignMsg::Settled { publication, result });
                self.answer("looking up a publication", settled, move |context| async move {
                    let confirmations = ops::publish::default_confirmations(context.is_local());
                    ops::follow::look(&context, &entry, confirmations).await
                });
            }
            Effect::ReadJournal => {
                let read = |sent| Msg::Sign(SignMsg::Journal(sent));
                self.answer("reading the journal", read, |context| async move {
                    Ok(ops::replace::list(&context).await?.into_iter().map(translate::sent).collect())
                });
            }
            Effect::QuoteDeployment { ticket, from, cap } => {
                let quoted = move |result| Msg::Sign(SignMsg::Quoted { ticket, result });
                self.answer("asking for the price", quoted, move |context| async move {
                    deployment(&context, from, cap).await.map(Box::new)
                });
            }
            Effect::PlanClaim { ticket, publisher, wish } => self.plan_claim(ticket, publisher, wish),
            Effect::Observe { ticket, reference, observer, look } => self.observe(ticket, reference, observer, look),
            Effect::ReadPolicy { ticket, reference, file } => {
                let read = move |result| Msg::Sign(SignMsg::Document { ticket, result });
                self.answer("reading a policy", read, move |context| async move {
                    let statement = release(&context, reference, file).await?;
                    Ok(Box::new(Document { statement, notes: Vec::new() }))
                });
            }
            Effect::Compose { ticket, wish } => self.compose(ticket, wish),
            Effect::CheckUp => {
                self.answer("looking at what the program rests on", Msg::CheckedUp, |context| async move {
                    Ok(Box::pin(ops::doctor::examine(&context)).await)
                });
            }
            _ => {}
        }
    }

    /// Measures what is to be released.
    fn compose(&mut self, ticket: u64, mut wish: ReleaseWish) {
        if let Origin::Archive(path) = &mut wish.origin {
            *path = expanded(std::mem::take(path));
        }
        let token = self.undoable(ticket);
        let composed = move |result| Msg::Sign(SignMsg::Document { ticket, result });
        let far = move |progress| Msg::Looking { ticket, progress };
        let telling = Awaited::new(token.clone(), &self.board, self.sender.clone(), far);
        self.answer("measuring a release", composed, move |context| {
            beside(token, move || async move {
                let made = compose(&context, &wish, Arc::new(telling)).await;
                let hint = |failure: Failure| match failure.code {
                    "reference-ambiguous" if failure.hint.is_none() => {
                        failure.hint("choose all platforms, or an archive of one image")
                    }
                    "image-unreadable" if wish.origin == Origin::Registry && !wish.all_platforms => {
                        failure.hint("choose all platforms: that reads whatever the registry has")
                    }
                    _ => failure,
                };
                let (statement, notes) = made.map_err(hint)?;
                Ok(Box::new(Document { statement, notes }))
            })
        });
    }

    /// Asks, and tells all of the answer at once.
    fn inquire(&mut self, ticket: u64, inquiry: Inquiry) {
        let token = self.undoable(ticket);
        let told = move |result| Msg::Told { ticket, result };
        let far = move |progress| Msg::Looking { ticket, progress };
        let telling = Awaited::new(token.clone(), &self.board, self.sender.clone(), far);
        self.answer("looking something up", told, move |context| {
            beside(token.clone(), move || async move {
                let watch: Arc<dyn Watch> = Arc::new(Unshown(token));
                let told = match inquiry {
                    Inquiry::Hash(hashed) => hashing::hash(&context, hashed, Arc::new(telling)).await,
                    Inquiry::Namespace { namespace, publisher } => check(&context, &namespace, publisher, watch).await,
                    Inquiry::Claims => claims(&context, watch).await,
                    Inquiry::Settings => settings(&context),
                    Inquiry::Contracts => show_contracts(&context).await.map(|found| contracts(&found)),
                    Inquiry::Discover(reference) => candidates::discover(&context, &reference, watch).await,
                    Inquiry::Remote(name) => candidates::remote(&context, &name).await,
                    Inquiry::By { reference, images, only } => {
                        let name = |(platform, evidence)| (reference.clone(), platform, evidence);
                        let images: Vec<_> = images.into_iter().map(name).collect();
                        let title = format!("Verdict of {}", reference.familiar());
                        candidates::verdicts(&context, title, &images, &only).await
                    }
                    Inquiry::Policy { source, replace, verify, only } => {
                        policy(&context, (source, replace), verify.map(|reference| (reference, only))).await
                    }
                };
                told.map(Box::new)
            })
        });
    }
}

async fn check(
    context: &Context,
    namespace: &Namespace,
    publisher: Option<Address>,
    watch: Arc<dyn Watch>,
) -> Result<Told, Failure> {
    let Examined { judgement, problems, .. } = examine(context, namespace, watch).await?;
    let judgement = match publisher {
        Some(publisher) => judgement.about(publisher),
        None => judgement,
    };
    let (tone, sum) = match judgement.finding() {
        Finding::Vouched => (Tone::Good, format!("{namespace} vouches for one publisher")),
        Finding::Conflicting => (Tone::Plain, format!("{namespace} vouches for several publishers: name one of them")),
        Finding::Unproven => (Tone::Plain, format!("{namespace} vouches for nobody: no publisher has both halves")),
        Finding::Nobody => (Tone::Plain, format!("nobody claims {namespace}, and it names nobody")),
        Finding::Unknown => (Tone::Bad, format!("whom {namespace} vouches for cannot be told")),
    };
    let because = judgement.unread.iter().map(|cause| Fact { tone: Tone::Bad, ..Fact::plain("because", clean(cause)) });
    let publishers = judgement.publishers.iter().map(judged);
    let problems = problems.iter().map(|problem| Fact::plain("to know", clean(problem)));
    let facts: Vec<_> = because.chain(publishers).chain(problems).collect();
    let vouched = judgement.publishers.iter().find(|one| matches!(one.standing, Standing::Vouched { .. }));
    let copied = vouched.map(|one| one.publisher.to_string());
    Ok(Told { facts, copied, ..Told::new(format!("Namespace {namespace}"), sum, tone) })
}

fn judged(one: &Judged) -> Fact {
    let tone = if matches!(one.standing, Standing::Vouched { .. }) { Tone::Good } else { Tone::Plain };
    let words = format!("{} {}: {}", one.publisher, one.standing.word(), clean(&one.standing.reason()));
    Fact { tone, ..Fact::plain("publisher", words) }
}

async fn claims(context: &Context, watch: Arc<dyn Watch>) -> Result<Told, Failure> {
    let accounts = ops::accounts::list_accounts(context).await?.accounts;
    let publishers = accounts.iter().map(|account| account.address).collect();
    let claims = claimed_by(context, publishers, watch).await?;
    let sum = match claims.len() {
        0 => "no account of this home claims a namespace".to_owned(),
        1 => "the accounts of this home claim one namespace".to_owned(),
        count => format!("the accounts of this home claim {count} namespaces"),
    };
    let fact =
        |(publisher, namespace, since)| Fact::plain("claim", format!("{namespace} by {publisher} since {since}"));
    let tone = if claims.is_empty() { Tone::Plain } else { Tone::Good };
    Ok(Told { facts: claims.into_iter().map(fact).collect(), ..Told::new("Claimed namespaces", sum, tone) })
}

/// What counts in this run, and who said it.
fn settings(context: &Context) -> Result<Told, Failure> {
    let config = context.config();
    let all = config::settings(&config.options, &|name| std::env::var(name).ok())?;
    let fact = |setting: &Setting| {
        let value = setting.value.as_ref().map_or_else(|| setting.without.to_owned(), ToString::to_string);
        Fact::plain("", clean(&format!("{} = {value} · {}", setting.key, setting.from())))
    };
    let path = config.home.config_file.display().to_string();
    let sum = format!("flags stand above the environment, and that above `{}`", clean(&path));
    let facts = all.iter().map(fact).collect();
    Ok(Told { facts, copied: Some(path), ..Told::new(Inquiry::Settings.title(), sum, Tone::Plain) })
}

/// Where the contracts stand, and whose code is there.
fn contracts(Contracts { registry, directory }: &Contracts) -> Told {
    let is_own = |view: &ContractView| view.deployed && view.code_matches;
    let (tone, sum) = match (is_own(registry), is_own(directory)) {
        (true, true) => {
            (Tone::Good, "both contracts stand, and their code is the one that this program was built with")
        }
        (true, false) => (Tone::Plain, "the registry contract stands; namespaces cannot be claimed here"),
        (false, _) if registry.deployed => (Tone::Bad, "OTHER CODE than this program's stands there: do not use it"),
        (false, _) => (Tone::Plain, "the registry contract does not stand on this network; `d` deploys it"),
    };
    let state = |view: &ContractView| match (view.deployed, view.code_matches) {
        (true, true) => Fact { tone: Tone::Good, ..Fact::plain("", "deployed, with this program's code") },
        (true, false) => Fact { tone: Tone::Bad, ..Fact::plain("", "OTHER CODE stands there") },
        (false, _) => Fact::plain("", "not deployed"),
    };
    let facts = vec![
        Fact::plain("registry", registry.address.to_string()),
        state(registry),
        Fact::plain("directory", directory.address.to_string()),
        state(directory),
        Fact::plain("chain", format!("{}, as of block {}", registry.chain_id, registry.block)),
    ];
    Told { facts, copied: Some(registry.address.to_string()), ..Told::new("Contracts", sum, tone) }
}

/// A policy's text, and what errors call it.
async fn text_of(source: GivenSource) -> Result<(PathBuf, String), Failure> {
    let (from, text) = match source {
        GivenSource::Text(text) => (PathBuf::from(PASTED), text),
        GivenSource::File(path) => {
            let path = expanded(path);
            let hint = "name the file that `trust export` wrote";
            let text = signing::read_file(&path).await;
            (path, text.map_err(|failure| Failure { hint: Some(hint.to_owned()), ..failure })?)
        }
    };
    if text.len() > LIMIT {
        let message = format!("`{}` is larger than 1 MiB, and no trust policy is", clean(&from.display().to_string()));
        return Err(Failure::new("file-unreadable", &message).hint("name the file that `trust export` wrote"));
    }
    Ok((from, text))
}

/// What taking a policy over would change.
async fn policy(
    context: &Context,
    (source, replace): (GivenSource, bool),
    verify: Option<(Reference, Vec<Address>)>,
) -> Result<Told, Failure> {
    let (from, text) = text_of(source).await?;
    let theirs = read_policy(&from, &text)?;
    let mut facts = Vec::new();
    if let Some((reference, only)) = verify {
        facts.push(verified(context, &from, (reference, &only), &text).await?);
    }
    let changes = changes(&whole_policy(context)?, &theirs, replace);
    let TrustPolicy { rules, denials, demands } = &theirs;
    let holds = [count(rules.len(), "rule"), count(denials.len(), "denial"), count(demands.len(), "demand")].join(", ");
    let how = if replace { "in place of all that is there" } else { "beside those that are there" };
    let sum = match changes.len() {
        0 => format!("taken over {how}: {holds}; no entry changes"),
        1 => format!("taken over {how}: {holds}; one entry changes"),
        changed => format!("taken over {how}: {holds}; {changed} entries change"),
    };
    facts.extend(changes.iter().map(changed));
    let name = from.file_name().unwrap_or(from.as_os_str()).to_string_lossy();
    let title = format!("Take over {}", clean(&name));
    let change = Some(Box::new(TrustChange::Import { from, text, replace }));
    Ok(Told { facts, change, ..Told::new(title, sum, Tone::Plain) })
}

fn changed(change: &Change) -> Fact {
    match change {
        Change::New(entry) => Fact { tone: Tone::Good, ..Fact::plain("new", entry.sentence()) },
        Change::Other(entry) => Fact::plain("changed", entry.sentence()),
        Change::Gone(entry) => Fact { tone: Tone::Bad, ..Fact::plain("gone", entry.sentence()) },
    }
}

/// Why it is a verified release of that name, by the word of `only` where that names somebody.
async fn verified(
    context: &Context,
    from: &Path,
    (reference, only): (Reference, &[Address]),
    text: &str,
) -> Result<Fact, Failure> {
    let (name, by) = (reference.familiar().to_owned(), policy_for(context, only)?);
    let judgement = judge_policy(context, reference, text, &by).await;
    let verdict = judgement.verdicts.into_iter().next().ok_or_else(|| Failure::new("internal", "no verdict"))?;
    if verdict.conclusion == Conclusion::Verified {
        return Ok(Fact { tone: Tone::Good, ..Fact::plain("verified", verdict.reason) });
    }
    let from = clean(&from.display().to_string());
    let message = format!("`{from}` is not a verified release of {name}: {}", verdict.reason);
    Err(Failure::new("policy-unverified", &message).hint("get the file from its publisher again"))
}

/// The release of a policy under a name: of a file's, or of this home's own.
async fn release(context: &Context, reference: Reference, file: Option<PathBuf>) -> Result<Statement, Failure> {
    let text = match file {
        Some(file) => {
            let (from, text) = text_of(GivenSource::File(file)).await?;
            read_policy(&from, &text)?;
            text
        }
        None => policy_text(context)?,
    };
    Ok(release_of(reference, &text))
}

/// What it costs to deploy the first contract that does not stand yet.
async fn deployment(context: &Context, from: Address, cap: Option<Wei>) -> Result<Quote, Failure> {
    if let Some(quote) = quote_deploy(context, from).await?.into_iter().next() {
        return Ok(translate::from_deployment(quote, cap));
    }
    let Contracts { registry, directory } = show_contracts(context).await?;
    let (registry, directory) = (registry.address, directory.address);
    let message = format!("both contracts stand: the registry at {registry}, the directory at {directory}");
    Err(Failure::new("already-deployed", &message).hint("`c` in the node pane shows and copies them"))
}
