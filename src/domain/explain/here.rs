//! What was measured, and how.

use super::{Case, Section, Tone};
use crate::domain::{
    digest::DigestKind,
    image::{Evidence, EvidenceLevel, Source},
    text::{clean, size},
};

impl Case<'_> {
    /// Which bytes were hashed, how much of the image that is, and where it lies.
    pub(super) fn here(&self) -> Section {
        let mut section = Section::new("here", "What was measured, and how");
        self.digests(&mut section);
        let (tone, words) = match self.evidence.level() {
            EvidenceLevel::Measured => (
                Tone::Good,
                "measured: the configuration and every layer were hashed on this machine (SHA-256); each layer has the digest that the \
                 configuration names",
            ),
            EvidenceLevel::Identified => (
                Tone::Caution,
                "identified: the manifest and the configuration were hashed on this machine; the layers were not, so a change in a file \
                 would not be seen",
            ),
            EvidenceLevel::Claimed => {
                (Tone::Caution, "claimed: the engine says so; nothing was hashed on this machine")
            }
        };
        match self.evidence {
            Evidence::Known { .. } => section.push("how", tone, words),
            Evidence::Corrupt { problem, .. } => {
                section.push("how", Tone::Bad, format!("its bytes contradict each other: {problem}"));
            }
            Evidence::Unreadable { cause } => {
                section.push("not read", Tone::Bad, cause.clone());
            }
        }
        if let Some(at) = self.measured_at {
            section.push("when", Tone::Plain, format!("{} ({at})", self.ago(at)));
        } else if self.evidence.level().is_measured() {
            section.push("when", Tone::Muted, "in this run, or before: bytes that are recognised are not hashed again");
        }
        self.place(&mut section);
        section
    }

    fn digests(&self, section: &mut Section) {
        for kinded in self.evidence.digests() {
            let (label, tone) = match kinded.kind {
                DigestKind::Config => ("config", Tone::Plain),
                DigestKind::Manifest => ("manifest", Tone::Muted),
                DigestKind::Index => ("index", Tone::Muted),
                DigestKind::ChainId => ("layers", Tone::Muted),
                _ => ("digest", Tone::Plain),
            };
            section.push(label, tone, kinded.digest.to_string());
        }
        if let (Evidence::Corrupt { .. }, Some(config)) = (self.evidence, self.evidence.config_digest()) {
            section.push("config", Tone::Plain, config.to_string());
        }
    }

    fn place(&self, section: &mut Section) {
        let Some(image) = self.image else { return };
        let mut facts = vec![match &image.id.source {
            Source::Engine => format!("in {}", clean(&image.engine)),
            Source::Archive(path) => format!("in {}", clean(&path.to_string_lossy())),
        }];
        facts.extend(image.platform.clone());
        facts.extend((image.size > 0).then(|| size(image.size)));
        facts.extend(image.created.map(|created| format!("built {created}")));
        section.push("where", Tone::Muted, facts.join(" · "));
    }
}
