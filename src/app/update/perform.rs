//! Actions: each is handed to the room that it belongs to.

use crate::app::{
    action::{self, Action, Place},
    effect::Effect,
    form::Matter,
    model::{Code, Dialog, Model, Pane, Tone},
    palette::Palette,
    report::Inquiry,
    sign::Wish,
    update::{
        accounts, activity, batch, checkup, copying, deploy, elsewhere, forms, input, journal, market, mouse, node,
        observe, price, report, sign, signer, sources, tasks, travel::travel, trust, watching, why,
    },
};

/// Does it.
pub(super) fn perform(model: &mut Model, action: Action) -> Vec<Effect> {
    if let Some(copied) = copying::copy(model, action) {
        return copied;
    }
    match action {
        Action::Move(motion) => travel(model, motion),
        Action::Why if model.pane == Pane::Market => market::unfold(model),
        Action::Cancel if model.pane == Pane::Activity => activity::stop(model),
        Action::Why => {
            if let Some(stopped) = why::stop(model) {
                return stopped;
            }
            model.wide = !model.wide;
            model.detail_top = 0;
            if model.wide { why::look(model) } else { Vec::new() }
        }
        Action::FetchReleased => why::fetch(model),
        Action::ListFiles => why::list(model),
        Action::Measure => batch::measure(model),
        Action::MeasureAll => tasks::measure_all(model),
        Action::Cancel => tasks::cancel(model),
        Action::CancelAll => tasks::cancel_all(model),
        Action::Publish => batch::open(model, Wish::Publish),
        Action::Revoke => batch::open(model, Wish::Revoke),
        Action::Observe => observe::open(model),
        Action::SpeedUp => sign::open_replacement(model, false),
        Action::TakeBack => sign::open_replacement(model, true),
        Action::AskEndpoints => node::refresh(model),
        Action::AddPeer => node::open_add(model),
        Action::Filter => {
            model.filter.editing = true;
            model.wide = false;
            Vec::new()
        }
        Action::ClearFilter if model.filter.input.value().is_empty() => {
            model.rows.unmark_all();
            Vec::new()
        }
        Action::ClearFilter => {
            model.filter = crate::app::model::Filter::default();
            model.rows.filter("");
            Vec::new()
        }
        Action::Mark | Action::MarkAll | Action::Sort | Action::Reverse => {
            arrange(model, action);
            Vec::new()
        }
        Action::ShowImages => show(model, Pane::Images),
        Action::ShowMarket => show(model, Pane::Market),
        Action::ShowAccounts => show(model, Pane::Accounts),
        Action::ShowTrust => show(model, Pane::Trust),
        Action::ShowNode => show(model, Pane::Node),
        Action::ShowActivity => show(model, Pane::Activity),
        Action::NextPane => show_beside(model, 1),
        Action::PreviousPane => show_beside(model, -1),
        Action::Refresh => sources::refresh(model),
        Action::Dismiss => dismiss(model),
        Action::Help => {
            model.dialog = Some(Dialog::Help { top: 0 });
            Vec::new()
        }
        Action::Palette => {
            model.dialog = Some(Dialog::Palette(Box::new(Palette::open(model))));
            Vec::new()
        }
        Action::Demo => vec![Effect::ForgetSecret, Effect::Demo],
        Action::CheckUp => checkup::look(model),
        Action::Mouse => mouse::toggle(model),
        Action::Redraw => vec![Effect::Redraw],
        Action::Suspend => vec![Effect::Suspend],
        Action::Quit | Action::Yes => quit(model, action == Action::Yes),
        Action::No => {
            model.dialog = match model.dialog.take() {
                Some(Dialog::Quit(before)) => before.map(|dialog| *dialog),
                _ => None,
            };
            Vec::new()
        }
        dialog => perform_in_dialog(model, dialog),
    }
}

fn perform_in_dialog(model: &mut Model, action: Action) -> Vec<Effect> {
    match (action, model.place()) {
        (Action::NewAccount, Place::Sign) => signer::new_account(model),
        (Action::Search, _) => {
            model.market.editing = true;
            Vec::new()
        }
        (Action::Accept, Place::Search) => {
            model.market.editing = false;
            Vec::new()
        }
        (Action::ClearSearch, _) => market::widen(model),
        (Action::Who, _) => market::who(model),
        (Action::OnlyPublisher, _) => market::only_publisher(model),
        (Action::OnlyNamespace, _) => market::only_namespace(model),
        (Action::OnlyNewer, _) => market::only_newer(model),
        (Action::SortMarket, _) => market::sort(model),
        (Action::TurnMarket, _) => market::turn(model),
        (Action::Pin, _) => market::pin(model),
        (Action::Pull, _) => market::pull(model),
        (Action::StopPull, _) => market::stop(model),
        (Action::Again, _) => activity::again(model),
        (Action::ClearEnded, _) => {
            model.clear_ended();
            Vec::new()
        }
        (Action::AddRule, _) => trust::open_rule(model),
        (Action::TurnNetwork, _) => accounts::open(model, Matter::Network),
        (Action::StartGeth, _) => accounts::open(model, Matter::StartGeth),
        (Action::StopGeth, _) => accounts::open(model, Matter::StopGeth),
        (Action::AddNetwork, _) => accounts::open(model, Matter::AddNetwork),
        (Action::RemoveNetwork, _) => accounts::open(model, Matter::RemoveNetwork),
        (Action::NameEngine, _) => accounts::open(model, Matter::Engine),
        (Action::LogIn, _) => accounts::open(model, Matter::LogIn),
        (Action::LogOut, _) => accounts::open(model, Matter::LogOut),
        (Action::RevokeDigest, _) => accounts::open(model, Matter::RevokeDigest),
        (Action::WatchNames, _) => watching::open(model),
        (Action::ObserveName, _) => accounts::open(model, Matter::Observe),
        (Action::Push, _) => accounts::open(model, Matter::Push),
        (Action::Deny, _) => accounts::open(model, Matter::Deny),
        (Action::Demand, _) => accounts::open(model, Matter::Demand),
        (Action::Untrust, _) => trust::remove(model),
        (Action::CheckTrust, _) => accounts::open(model, Matter::CheckTrust),
        (Action::Discover, _) => accounts::open(model, Matter::Discover),
        (Action::Remote, _) => accounts::open(model, Matter::Remote),
        (Action::Release, _) => accounts::open(model, Matter::Release),
        (Action::PullOther, _) => accounts::open(model, Matter::Pull),
        (Action::HashFile, _) => accounts::open(model, Matter::Hash),
        (Action::VerifyBy, _) => accounts::open(model, Matter::Verify),
        (Action::ExportTrust, _) => accounts::open(model, Matter::ExportTrust),
        (Action::ImportTrust, _) => accounts::open(model, Matter::ImportTrust),
        (Action::PublishTrust, _) => accounts::open(model, Matter::PublishTrust),
        (Action::EditTrust, _) => trust::edit(model),
        (Action::NewAccount, _) => accounts::open(model, Matter::New),
        (Action::Import, _) => accounts::open(model, Matter::Import),
        (Action::Know, _) => accounts::open(model, Matter::Know),
        (Action::Given, _) => accounts::open(model, Matter::Given),
        (Action::Restore, _) => accounts::open(model, Matter::Restore),
        (Action::Unlock, _) => accounts::unlock_or_lock(model),
        (Action::ShowCode, Place::Carry) => elsewhere::show(model),
        (Action::CopyCarried, _) => elsewhere::copy(model),
        (Action::SaveCarried, _) => elsewhere::name_file(model),
        (Action::ReplaceCarried, _) => elsewhere::replace(model),
        (Action::KeepCarried, _) => elsewhere::keep(model),
        (Action::Deploy, _) => deploy::open(model),
        (Action::CheckNamespace, _) => accounts::open(model, Matter::CheckNamespace),
        (Action::ListClaims, _) => report::ask(model, Inquiry::Claims),
        (Action::ShowContracts, _) => report::ask(model, Inquiry::Contracts),
        (Action::ShowSettings, _) => report::ask(model, Inquiry::Settings),
        (Action::CopyTold, _) => report::copy(model),
        (Action::Accept, Place::Report) => report::accept(model),
        (Action::Close, Place::Report) => report::close(model),
        (Action::Accept, Place::Sign) => sign::accept(model),
        (Action::Accept, Place::Form) => forms::accept(model),
        (Action::Accept, Place::AddPeer) => node::add(model),
        (Action::Accept, Place::Palette) => input::choose(model),
        (Action::Accept, _) => {
            model.filter.editing = false;
            Vec::new()
        }
        (Action::PreviousAccount, _) => signer::change_account(model, -1),
        (Action::NextAccount, _) => signer::change_account(model, 1),
        (Action::EditPrice, _) => price::edit(model),
        (Action::EditName, _) => price::edit_name(model),
        (Action::EditAnnotations, _) => price::edit_annotations(model),
        (Action::TurnVersion, _) => signer::turn_version(model),
        (Action::TurnValidity, _) => signer::turn_validity(model),
        (Action::KeepPrice, _) => price::keep(model),
        (Action::NextField, Place::Sign) => signer::edit_reason(model),
        (Action::NextField, _) => forms::travel(model, 1),
        (Action::PreviousField, _) => forms::travel(model, -1),
        (Action::NextChoice, _) => forms::choose(model, 1),
        (Action::PreviousChoice, _) => forms::choose(model, -1),
        (Action::Close, _) => sign::close(model),
        (other, _) => perform_on_account(model, other),
    }
}

/// What is done to the selected account.
fn perform_on_account(model: &mut Model, action: Action) -> Vec<Effect> {
    let Some(account) = model.accounts.selected().map(|account| account.address) else { return Vec::new() };
    let matter = match action {
        Action::SetDefault | Action::SetDefaultEverywhere => {
            let everywhere = action == Action::SetDefaultEverywhere;
            return vec![Effect::SetDefault { account, everywhere }];
        }
        Action::Fund => {
            model.say(Tone::Plain, "asking the faucet");
            return vec![Effect::Fund(account)];
        }
        Action::ShowCode => {
            let code = Code { title: "Address".to_owned(), text: account.to_string(), back: None };
            model.dialog = Some(Dialog::Code(Box::new(code)));
            return Vec::new();
        }
        Action::Label => Matter::Label(account),
        Action::Export => Matter::Export(account),
        Action::ChangePassphrase => Matter::ChangePassphrase(account),
        Action::Remove => Matter::Remove(account),
        Action::Delegate => Matter::Delegate(account),
        Action::Succeed => Matter::Succeed(account),
        Action::Retire => Matter::Retire(account),
        Action::Namespace => Matter::Namespace(account),
        _ => return Vec::new(),
    };
    accounts::open(model, matter)
}

/// Marks, and the order of the list.
fn arrange(model: &mut Model, action: Action) {
    match action {
        Action::Mark => {
            model.rows.mark();
            let below = model.rows.cursor() + 1;
            model.rows.select(below);
        }
        Action::MarkAll => model.rows.mark_all(),
        Action::Sort => model.rows.sort_by_next(),
        _ => model.rows.reverse(),
    }
}

pub(super) fn show(model: &mut Model, pane: Pane) -> Vec<Effect> {
    model.pane = pane;
    model.wide = false;
    // Who clicks elsewhere has typed what was to be found.
    (model.filter.editing, model.market.editing) = (false, false);
    match pane {
        Pane::Node => node::tick(model),
        Pane::Trust => trust::read(model),
        Pane::Market => market::look(model),
        Pane::Activity => journal::read(model),
        Pane::Accounts => accounts::enter(model),
        Pane::Images => Vec::new(),
    }
}

/// The pane `step` places further, around the ends.
fn show_beside(model: &mut Model, step: isize) -> Vec<Effect> {
    let panes = action::panes();
    let at = panes.iter().position(|(pane, ..)| *pane == model.pane).unwrap_or_default();
    let next = at.checked_add_signed(step).unwrap_or(panes.len() - 1) % panes.len();
    show(model, panes[next].0)
}

fn dismiss(model: &mut Model) -> Vec<Effect> {
    if model.flash.take().is_none() {
        let before = model.publications.len();
        model.publications.retain(crate::app::sign::Publication::is_open);
        if model.publications.len() == before {
            model.notices.pop_front();
        }
    }
    Vec::new()
}

/// True while something runs beside what is shown, and ending would stop it.
pub(super) fn is_at_work(model: &Model) -> bool {
    let unsent = model.publications.iter().any(crate::app::sign::Publication::is_unsent);
    unsent || model.tasks.is_busy() || model.market.pull.is_some() || model.watching.is_some()
}

/// Ends, or asks first while work is running that ending would stop.
fn quit(model: &mut Model, sure: bool) -> Vec<Effect> {
    if sure || !is_at_work(model) {
        return vec![Effect::ForgetSecret, Effect::Quit];
    }
    // Asked once.
    let before = match model.dialog.take() {
        Some(Dialog::Quit(before)) => before,
        other => other.map(Box::new),
    };
    model.dialog = Some(Dialog::Quit(before));
    Vec::new()
}
