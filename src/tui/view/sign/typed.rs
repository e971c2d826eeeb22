//! What is typed in the dialog beside a passphrase: the label of its field, and what to know of it.

use crate::app::sign::Step;

/// The field's label, where one is typed in at this step.
pub(super) const fn label(step: Step) -> Option<&'static str> {
    match step {
        Step::Naming => Some("for"),
        Step::Noting => Some("notes"),
        Step::Saving => Some("file"),
        _ => None,
    }
}

/// What to know of it; empty where nothing is typed.
pub(super) const fn words(step: Step) -> &'static str {
    match step {
        Step::Reason => "Anybody who verifies the image will read the reason.",
        Step::Price => "The cost is asked for again at this price.",
        Step::Naming => "A publisher who appointed the account; empty is its own name.",
        Step::Noting => {
            "JSON that anybody reads with the release, such as {\"commit\":\"1a2b3c\"}; empty says nothing."
        }
        Step::Saving => "A new file, for its user alone; none is overwritten.",
        _ => "",
    }
}
