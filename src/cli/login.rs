//! `daochain login` and `daochain logout`

use serde::Serialize;

use super::{Session, args, prompt};
use crate::{
    domain::text::clean,
    ops::{
        Failure,
        registries::{Place, log_in, log_out},
    },
};

/// `daochain.login/1`
#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    registry: &'a str,
    /// `None` after logging out.
    user: Option<&'a str>,
    kept: Vec<KeptPart>,
    /// The registry said that the login is good.
    checked: bool,
}

#[derive(Serialize)]
struct KeptPart {
    /// `helper` or `file`.
    by: &'static str,
    name: String,
}

impl From<&Place> for KeptPart {
    fn from(place: &Place) -> Self {
        match place {
            Place::Helper(program) => Self { by: "helper", name: program.clone() },
            Place::File(path) => Self { by: "file", name: clean(path) },
        }
    }
}

impl KeptPart {
    fn words(&self) -> String {
        if self.by == "helper" { format!("by `{}`", self.name) } else { format!("in `{}`", self.name) }
    }
}

pub async fn run_login(session: &mut Session, args: args::Login) -> Result<u8, Failure> {
    let question = format!("Password of {} at {}: ", clean(&args.username), args.registry);
    let password = prompt::registry_password(args.password_stdin, &question).await?;
    if password.0.is_empty() {
        return Err(Failure::new("passphrase-empty", "a login needs a password").hint("type one, or a token"));
    }
    let logged_in = log_in(&session.context, &args.registry, &args.username, password).await?;
    let kept = KeptPart::from(&logged_in.place);
    if matches!(logged_in.place, Place::File(_)) {
        session.console.note(&format!(
            "daochain: the password lies unencrypted in `{}`; a credential helper in Docker's config.json would keep it better",
            kept.name
        ));
    }
    if !logged_in.is_checked {
        session.console.note(&format!("daochain: {} asks nobody to log in, so nothing was checked", args.registry));
    }
    let words = format!("logged in to {} as {}, kept {}", args.registry, clean(&args.username), kept.words());
    let document = Document {
        schema: "daochain.login/1",
        registry: &args.registry,
        user: Some(&args.username),
        kept: vec![kept],
        checked: logged_in.is_checked,
    };
    session.console.present(&document, |page| page.line(&words));
    Ok(0)
}

pub async fn run_logout(session: &mut Session, args: args::Logout) -> Result<u8, Failure> {
    let places = log_out(&session.context, &args.registry).await?;
    let kept: Vec<_> = places.iter().map(KeptPart::from).collect();
    let words = match kept.as_slice() {
        [] => {
            format!("no login for {} was kept here; one of Docker's own is `docker logout`'s to forget", args.registry)
        }
        kept => {
            let places: Vec<_> = kept.iter().map(KeptPart::words).collect();
            format!("logged out of {}: it was kept {}", args.registry, places.join(" and "))
        }
    };
    let document = Document { schema: "daochain.login/1", registry: &args.registry, user: None, kept, checked: false };
    session.console.present(&document, |page| page.line(&words));
    Ok(0)
}
