//! Whose word counts, by which rule.

use super::{Case, Section, Tone};
use crate::domain::{
    text::clean_to,
    trust::{Decision, Role, Rule, TrustPolicy},
    verdict::Verdict,
};

/// Characters of a name or a note.
const NOTE: usize = 120;

impl Case<'_> {
    /// The rules that decide, what they demand, and who spoke beside them.
    pub(super) fn trusted(&self) -> Section {
        let mut section = Section::new("trust", "Whose word counts, by which rule");
        let Some(reference) = self.reference else { return section };
        match &self.policy {
            None => section.push("", Tone::Muted, "the trust policy is being read"),
            Some(Err(problem)) => section.push("", Tone::Bad, format!("the trust policy could not be read: {problem}")),
            Some(Ok(policy)) => {
                section.push("", Tone::Plain, policy.explain(reference));
                self.rules(policy, &mut section);
            }
        }
        if let Some(verdict) = self.verdict {
            Self::voices(verdict, &mut section);
        }
        section
    }

    fn rules(&self, policy: &TrustPolicy, section: &mut Section) {
        let Some(reference) = self.reference else { return };
        match policy.decision(reference) {
            Decision::Nobody | Decision::Denied(_) => {}
            Decision::Rules(rules) => {
                for rule in rules {
                    let label = if rule.role == Role::Publisher { "speaks" } else { "observes" };
                    section.push(label, Tone::Plain, self.rule_words(rule));
                }
            }
        }
        for demand in policy.demands.iter().filter(|demand| demand.pattern.matches(reference)) {
            let mut parts = Vec::new();
            parts.extend(demand.require.map(|require| format!("{require} must say the same")));
            parts.extend(demand.finality.map(|finality| format!("the block must be {}", finality.word())));
            parts.extend(demand.successions.map(|how| format!("successors: {}", how.word())));
            parts.extend(demand.max_age.map(|seconds| format!("observers' words count for {}", (self.age)(seconds))));
            section.push("demand", Tone::Plain, format!("{} (pattern {})", parts.join(", "), demand.pattern));
        }
    }

    fn rule_words(&self, rule: &Rule) -> String {
        let name = rule.name.as_deref().map_or_else(String::new, |name| format!("{} ", clean_to(name, NOTE)));
        let since = rule.since.map_or_else(String::new, |at| format!(" · since {}", self.ago(at)));
        let note = rule.note.as_deref().map_or_else(String::new, |note| format!(" · {}", clean_to(note, NOTE)));
        let says = match rule.role {
            Role::Publisher => "",
            Role::Observer => " · attests what it was served",
        };
        format!("{name}{} · rule {}{says}{since}{note}", rule.publisher, rule.pattern)
    }

    /// Who spoke, whether or not their word counts.
    fn voices(verdict: &Verdict, section: &mut Section) {
        if let Some(delegate) = verdict.by {
            section.push("delegate", Tone::Plain, format!("{delegate} released it in the publisher's name"));
        }
        if let Some(heir) = verdict.successor {
            section.push("heir", Tone::Caution, format!("the publisher handed the name over to {heir}"));
        }
        if let Some(observed) = &verdict.observed {
            let (agree, of) = (observed.agreeing.len(), observed.of);
            section.push("observed", Tone::Plain, format!("{agree} of {of} observers were served this image"));
            let seen = [
                (&observed.agreeing, "was served this image", Tone::Good),
                (&observed.dissenting, "was served ANOTHER image", Tone::Bad),
                (&observed.stale, "looked too long ago to count", Tone::Muted),
            ];
            for (who, words, tone) in seen {
                for one in who {
                    section.push("", tone, format!("{one} {words}"));
                }
            }
        }
        for stranger in &verdict.strangers {
            let words = format!("{stranger} published this name too; no rule names it, and its word does not count");
            section.push("stranger", Tone::Caution, words);
        }
    }
}
