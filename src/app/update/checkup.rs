//! A look at all that the program rests on.

use crate::app::{
    effect::Effect,
    model::{CheckUp, Dialog, Model, Tone},
    msg::Problem,
};
use crate::domain::finding::Finding;

/// Opens the dialog, and looks.
pub(super) fn look(model: &mut Model) -> Vec<Effect> {
    if matches!(&model.dialog, Some(Dialog::CheckUp(CheckUp { findings: None, .. }))) {
        return Vec::new();
    }
    model.dialog = Some(Dialog::CheckUp(CheckUp::default()));
    vec![Effect::CheckUp]
}

/// What was found; nobody is told who looks at something else by now.
pub(super) fn found(model: &mut Model, result: Result<Vec<Finding>, Problem>) {
    let Some(Dialog::CheckUp(checkup)) = &mut model.dialog else { return };
    match result {
        Ok(findings) => checkup.findings = Some(findings),
        Err(problem) => {
            model.dialog = None;
            model.say_of("check-up", Tone::Bad, problem.sentence());
        }
    }
}
