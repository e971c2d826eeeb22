//! `daochain demo`

use tokio_util::sync::CancellationToken;

use super::{
    CLOSING, Exit, args,
    console::Console,
    prompt::Hidden,
    screen, until_signalled,
    verdicts::{Candidate, judge},
    verify,
};
use crate::ops::{
    Failure,
    demo::{Demo, PASSPHRASE, prepare},
    trust::trust_policy,
};

/// Prepares the demo, and shows it as text or on the screen.
pub async fn run(console: &mut Console, args: args::Demo) -> Exit {
    let token = CancellationToken::new();
    let as_text = args.no_tui || console.json;
    let hidden = (!as_text).then(Hidden::set);
    let demo = match until_signalled(Box::pin(made(args, console.err_look)), &token, false).await {
        Ok(demo) => demo,
        Err(failed) => return Exit::Code(console.conclude(Err(failed))),
    };
    if let Some(hidden) = hidden {
        hidden.end();
    }
    console.note(&format!("daochain: the demo's accounts open with the passphrase `{PASSPHRASE}`"));
    let exit = if as_text {
        let outcome = until_signalled(Box::pin(show(console, &demo)), &token, false).await;
        Exit::Code(console.conclude(outcome))
    } else {
        Box::pin(screen::run(console, demo.context.clone(), None)).await
    };
    if let Ok(Err(failure)) = tokio::time::timeout(CLOSING, demo.close()).await {
        console.complain(&failure);
    }
    exit
}

async fn made(args: args::Demo, look: super::human::Look) -> Result<Demo, Failure> {
    let tell = move |step: &str| {
        use std::io::Write as _;
        if look.live {
            let _ = writeln!(std::io::stderr(), "{}", look.plain(step));
        }
    };
    prepare(args.keep, &tell).await
}

/// Prints the verdicts. 0 when each is the one that the demo set out to reach.
async fn show(console: &mut Console, demo: &Demo) -> Result<u8, Failure> {
    let policy = trust_policy(&demo.context)?;
    let candidates = demo.subjects.iter().zip(&demo.images).map(|(subject, image)| {
        let (reference, evidence) = (Some(subject.reference.clone()), subject.evidence.clone());
        match image {
            Some(image) => Candidate::new(image, reference, evidence),
            None => Candidate { image: None, reference, evidence, platform: None, source: None },
        }
    });
    let judged = judge(&demo.context, candidates.collect(), &policy, None).await;
    verify::present(console, &judged);
    let reached: Vec<_> = judged.images.iter().map(|image| image.verdict).collect();
    Ok(u8::from(reached != demo.expected))
}
