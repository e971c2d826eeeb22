//! What to do next: the command, and what on the screen does the same.

use serde::Serialize;

use super::Case;
use crate::domain::{
    Namespace,
    image::{Evidence, Source},
    network::Finality,
    trust::Decision,
    verdict::{Conclusion, Verdict, WithdrawalScope},
};

/// What the screen can do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Act {
    /// Hash all of it.
    Measure,
    /// Release it.
    Publish,
    /// Get the released image's layers to compare with, wherever they are.
    Fetch,
    /// List the files of the layers that differ.
    Files,
    /// Go to the trust policy.
    Trust,
    /// Let the publisher speak for the name.
    Pin,
    /// Look who has published the name.
    Discover,
    /// Go to the endpoints.
    Endpoints,
    /// Ask engine and node again.
    Refresh,
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// What, in one sentence.
    pub words: String,
    /// As a command.
    pub command: Option<String>,
    /// On the screen.
    pub act: Option<Act>,
}

impl Case<'_> {
    pub(super) fn steps(&self) -> Vec<Step> {
        let mut steps = Steps { case: self, all: Vec::new() };
        match self.verdict {
            Some(verdict) => steps.of(verdict),
            None if self.reference.is_none() => steps.of_nameless(),
            None => steps.say("Wait: the verdict is on its way."),
        }
        steps.all
    }
}

struct Steps<'c, 'a> {
    case: &'c Case<'a>,
    all: Vec<Step>,
}

impl Steps<'_, '_> {
    fn say(&mut self, words: impl Into<String>) {
        self.all.push(Step { words: words.into(), command: None, act: None });
    }

    fn run(&mut self, words: impl Into<String>, command: impl Into<String>, act: Option<Act>) {
        self.all.push(Step { words: words.into(), command: Some(command.into()), act });
    }

    fn name(&self) -> String {
        self.case.name().to_owned()
    }

    /// The name as an argument, with the archive where it lies in one.
    fn source(&self) -> String {
        let name = self.name();
        match self.case.image.map(|image| &image.id.source) {
            Some(Source::Archive(path)) => {
                format!("{name} --archive {}", quoted(&crate::domain::text::clean(&path.to_string_lossy())))
            }
            _ => name,
        }
    }

    fn of(&mut self, verdict: &Verdict) {
        let (name, source) = (self.name(), self.source());
        let measured = verdict.evidence.is_measured();
        match verdict.conclusion {
            Conclusion::Verified => {
                if measured {
                    self.say("Nothing: use it.");
                } else {
                    self.measure("Measure it, which makes it certain");
                }
                if verdict.finality.is_some_and(|finality| finality < Finality::Final) {
                    let command = format!("daochain verify {source} --require-finality");
                    self.run("Where much depends on it, wait until its block is final", command, None);
                }
            }
            Conclusion::Outdated => {
                self.run("Get the current release", format!("daochain pull {name}"), None);
                self.compare("See what changed since: the layers of both stand above");
            }
            Conclusion::Revoked => self.of_revoked(verdict),
            Conclusion::Mismatch => self.of_mismatch(verdict),
            Conclusion::Unpublished => {
                let covered = matches!(&self.case.policy, Some(Ok(policy)) if self.case.reference.is_some_and(|reference|
                    !matches!(policy.decision(reference), Decision::Nobody)));
                if covered {
                    self.say(
                        "Ask its publisher to release it, or look whether the name is the one that they release under.",
                    );
                } else {
                    let above = self.case.reference.map(Namespace::above).unwrap_or_default();
                    if let Some(namespace) = above.first() {
                        let command = format!("daochain namespace check {}", namespace.as_str());
                        self.run("Find out whether somebody speaks for its namespace", command, None);
                    }
                }
                self.run("Release it, if it is yours", format!("daochain publish {source}"), Some(Act::Publish));
            }
            Conclusion::Untrusted => self.of_untrusted(verdict),
            Conclusion::Undecided => self.of_undecided(verdict),
        }
        if let Some(heir) = verdict.successor.filter(|heir| verdict.publisher != Some(*heir)) {
            let command = format!("daochain trust add {name} {heir}");
            self.run(
                "Trust the successor, if the publisher itself tells of it elsewhere too",
                command,
                Some(Act::Trust),
            );
        }
    }

    fn measure(&mut self, words: &str) {
        let source = self.source();
        self.run(words, format!("daochain verify {source}"), Some(Act::Measure));
    }

    /// What the layers tell, or what has to be got before they can.
    fn compare(&mut self, words: &str) {
        let source = self.source();
        match &self.case.comparison {
            Some(Ok(_)) if !self.case.files.is_empty() => {}
            Some(Ok(_)) => {
                let command = format!("daochain explain {source} --files");
                self.run(format!("{words}; list the files that differ"), command, Some(Act::Files));
            }
            Some(Err(_)) => {
                let command = format!("daochain explain {source} --remote");
                self.run("Get the released image's list of layers and compare", command, Some(Act::Fetch));
            }
            None => {}
        }
    }

    fn of_revoked(&mut self, verdict: &Verdict) {
        let name = self.name();
        self.say("Stop what runs of it, and remove it.");
        let scope = verdict.revoked.as_ref().map(|revoked| revoked.scope);
        match scope {
            Some(WithdrawalScope::Digest)
                if verdict.current_version.is_some() && verdict.version != verdict.current_version =>
            {
                self.run("Get the current release", format!("daochain pull {name}"), None);
            }
            Some(WithdrawalScope::Digest) => self.say("Wait for a new release of its publisher."),
            _ => {
                let command = format!("daochain history {name}");
                self.run("See who took the name over, if somebody did", command, None);
            }
        }
    }

    fn of_mismatch(&mut self, verdict: &Verdict) {
        let (name, source) = (self.name(), self.source());
        if verdict.problem.is_some() {
            self.say("Find out who had their hands on it: the engine's files, the archive, the disk.");
            self.run("Get it anew", format!("daochain pull {name}"), None);
            return;
        }
        if verdict.publisher.is_none() {
            let command = format!("daochain remote {name}");
            self.run("Ask the registry yourself what it serves, and compare", command, None);
            return;
        }
        if !verdict.evidence.is_measured() {
            self.measure("Measure it first: so far this rests on the engine's word");
        }
        self.compare("Look at the layers above: what differs is marked");
        self.run("Get the released image", format!("daochain pull {name}"), None);
        self.run(
            "Release it, if it is yours and you just built it",
            format!("daochain publish {source}"),
            Some(Act::Publish),
        );
    }

    fn of_untrusted(&mut self, verdict: &Verdict) {
        let name = self.name();
        let decision = match (&self.case.policy, self.case.reference) {
            (Some(Ok(policy)), Some(reference)) => Some(policy.decision(reference)),
            _ => None,
        };
        if let Some(Decision::Denied(denial)) = decision {
            let command = format!("daochain trust remove '{}' --denial", denial.pattern);
            self.run("Use another image; or take the denial back, if it is no longer right", command, Some(Act::Trust));
            return;
        }
        if verdict.rule.is_some() {
            self.say("Wait until as many have released it as your policy demands.");
            let command = format!("daochain trust check {name}");
            self.run("See whose word is missing", command, Some(Act::Trust));
            return;
        }
        let observes = matches!(&decision, Some(Decision::Rules(rules)) if !rules.is_empty());
        if observes {
            let command = format!("daochain trust demand {name} --require all");
            self.run("Say how many of the observers must agree", command, Some(Act::Trust));
            return;
        }
        let command = format!("daochain trust discover {name}");
        self.run("See who published it, and what speaks for them", command, Some(Act::Discover));
        if let Some(publisher) = verdict.publisher {
            let command = format!("daochain trust add {name} {publisher}");
            let words = "Trust the publisher, once you know from elsewhere that the address is theirs";
            self.run(words, command, Some(Act::Pin));
        }
    }

    fn of_undecided(&mut self, verdict: &Verdict) {
        let source = self.source();
        match self.case.evidence {
            Evidence::Unreadable { .. } if self.case.image.is_none() => {
                let command = format!("daochain pull {}", self.name());
                self.run("Get it, if it is the released one; `daochain images` lists what is here", command, None);
            }
            Evidence::Unreadable { .. } => {
                self.run(
                    "Mend what keeps it from being read, and ask again",
                    format!("daochain verify {source}"),
                    Some(Act::Refresh),
                );
            }
            _ if self.case.unreachable.is_some() => {
                self.run("Look which endpoint does not answer, and why", "daochain node status", Some(Act::Endpoints));
                self.run("Ask again", format!("daochain verify {source}"), Some(Act::Refresh));
            }
            _ if !self.case.evidence.identifies() => self.measure("Measure it: then its configuration can be compared"),
            _ if verdict.finality.is_some_and(|finality| finality < Finality::Final) => {
                self.say("Wait until the block is as settled as you demand.");
            }
            _ => self.run("Ask again", format!("daochain verify {source}"), Some(Act::Refresh)),
        }
    }

    fn of_nameless(&mut self) {
        match self.case.image.map(|image| (&image.id.source, &image.id.id)) {
            Some((Source::Engine, id)) => {
                let id: String = id.trim_start_matches("sha256:").chars().take(12).collect();
                let command = format!("docker tag {} NAME:TAG", crate::domain::text::clean(&id));
                self.run("Give it a name", command, None);
            }
            Some((Source::Archive(path), _)) => {
                let path = quoted(&crate::domain::text::clean(&path.to_string_lossy()));
                let command = format!("daochain verify NAME:TAG --archive {path}");
                self.run("Say which name it should have", command, None);
            }
            None => self.say("Give it a name."),
        }
    }
}

/// A path as a shell takes it.
fn quoted(path: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./+:@".contains(c);
    if !path.is_empty() && path.chars().all(is_plain) {
        path.to_owned()
    } else {
        format!("'{}'", path.replace('\'', r"'\''"))
    }
}
