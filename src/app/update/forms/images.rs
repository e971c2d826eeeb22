//! What is asked for images by their names: to release, hash, pull and watch them.

use super::{
    fields::{choice, filled, secret, text, told_of},
    wanted::{Wanted, Wrong, given, named, only, opened},
};
use crate::{
    app::{
        form::{Field, Form, Matter, Name},
        model::Model,
        msg::SecretField,
        report::{Hashed, Inquiry},
        rows::Row,
        sign::Depth,
        watching::Watch,
    },
    domain::{
        Address, Reference, Wei,
        image::Source,
        platform::check_platform,
        reference::ReferenceError,
        when::span,
        wish::{Origin, PullWish, ReleaseWish},
    },
};

/// What is typed before names are watched.
const WATCH: &str = "watch";
/// The longest time between two looks, and before the same is said again, in seconds.
const LONGEST: u64 = 365 * 86_400;
/// Places in the choice of [`Matter::Release`].
const REGISTRY: usize = 0;
const ARCHIVE: usize = 1;
/// Places in the choice of [`Matter::Hash`].
const HASHED: usize = 0;
const JUDGED: usize = 2;
/// How closely a registry is looked at.
pub(super) const DEPTHS: [&str; 2] = ["manifests and what they name", "every layer, too"];

/// The fields; `at` is chosen where that decides which.
pub(super) fn fields(model: &Model, matter: Matter, at: usize) -> Vec<Field> {
    let name = told_of(model).map(ToString::to_string).unwrap_or_default();
    let reference = || filled(Name::Reference, &name, "acme/api:2");
    let only = |hint| text(Name::Only, hint);
    match matter {
        Matter::Release => {
            let what = choice(Name::What, &["its registry serves", "an archive or a folder holds", "is here"], at);
            let file = (at == ARCHIVE).then(|| text(Name::File, "/path/image.tar, or a folder"));
            let platforms = choice(Name::Platforms, &["this machine's", "all"], 0);
            let layers = choice(Name::Layers, &["not named", "named, too"], 0);
            [reference(), what].into_iter().chain(file).chain([platforms, layers]).collect()
        }
        Matter::Hash => {
            let kinds = ["a file, or a folder", "what a registry serves", "a file, and judge it"];
            let (what, file) = (choice(Name::What, &kinds, at), || text(Name::File, "/path/image.tar, or a folder"));
            match at {
                HASHED => vec![what, file()],
                JUDGED => {
                    vec![what, file(), text(Name::As, "the names that it gives its images"), only("else by the policy")]
                }
                _ => vec![what, reference()],
            }
        }
        Matter::Verify => vec![reference(), only("0x…, several with blanks between")],
        Matter::Pull => {
            let what = choice(Name::What, &["if the trust policy verifies it", "whatever the trust policy says"], at);
            let sure = (at > 0).then(|| text(Name::Typed, "the image name once more"));
            let platform = text(Name::Platform, "linux/arm64; the engine's own where nothing is typed");
            [reference(), platform, what].into_iter().chain(sure).collect()
        }
        Matter::Watch(account) => {
            let is_here = model.accounts.kind(Some(account)).is_some_and(|kind| kind.file().is_some());
            let mut fields = vec![
                filled(Name::Reference, &name, "acme/api:2 ghcr.io/acme/web:1, or a pasted list"),
                filled(Name::Every, "6h", "6h, 30m"),
                choice(Name::Read, &DEPTHS, 0),
                text(Name::Renew, "30d: say the same again after that; else once"),
                text(Name::Price, "at most, in gwei for one gas"),
            ];
            // A key that is open is asked for, too: it is kept for longer. One elsewhere needs no passphrase of ours.
            fields.extend(is_here.then(|| secret(Name::Passphrase, SecretField::Open)));
            fields.push(text(Name::Typed, "`watch` begins it"));
            fields
        }
        _ => Vec::new(),
    }
}

/// What they ask for. `empty`: a passphrase was missing already, and is meant to be empty.
pub(super) fn wanted(form: &Form, empty: bool) -> Result<Wanted, Wrong> {
    match form.matter {
        Matter::Release => release(form).map(Wanted::Release),
        Matter::Hash => hash(form).map(|hashed| Wanted::Ask(Inquiry::Hash(hashed))),
        Matter::Verify => {
            given(form, Name::Only, "name a publisher")?;
            Ok(Wanted::Verify(named(form)?, only(form)?))
        }
        Matter::Pull => pull(form).map(Wanted::Pull),
        Matter::Watch(account) => watch(form, account, empty).map(Wanted::Watch),
        _ => Err((Name::What, "there is nothing to do".to_owned())),
    }
}

/// What is measured under the name, of `from` or from anywhere, or why there is nothing.
pub(super) fn measured<'m>(
    model: &'m Model,
    reference: &Reference,
    from: Option<&Source>,
) -> Result<Vec<&'m Row>, &'static str> {
    let is_from = |row: &&Row| from.is_none_or(|from| row.key.image.source == *from);
    let of_name =
        || model.rows.all().iter().filter(|row| row.key.reference.as_ref() == Some(reference)).filter(is_from);
    let measured: Vec<_> = of_name().filter(|row| row.is_measured()).collect();
    match (measured.is_empty(), of_name().next()) {
        (false, _) => Ok(measured),
        (true, Some(_)) => Err("it is not measured yet; `v` measures it"),
        (true, None) if from == Some(&Source::Engine) => Err("the engine has no such image"),
        (true, None) => Err("nothing here has that name"),
    }
}

fn hash(form: &Form) -> Result<Hashed, Wrong> {
    let file = || given(form, Name::File, "name an image archive, or a folder in the OCI layout");
    Ok(match form.chosen(Name::What) {
        HASHED => Hashed::Path(file()?.into()),
        JUDGED => {
            let name = Some(form.text(Name::As)).filter(|name| !name.is_empty()).map(str::parse).transpose();
            let reference = name.map_err(|error: ReferenceError| (Name::As, error.to_string()))?;
            Hashed::Judged { path: file()?.into(), reference, only: only(form)? }
        }
        _ => Hashed::Registry(named(form)?),
    })
}

fn release(form: &Form) -> Result<ReleaseWish, Wrong> {
    let reference = named(form)?;
    let origin = match form.chosen(Name::What) {
        REGISTRY => Origin::Registry,
        ARCHIVE => Origin::Archive(given(form, Name::File, "name the archive, or the folder")?.into()),
        _ => Origin::Here,
    };
    let (all_platforms, with_layers) = (form.chosen(Name::Platforms) == 1, form.chosen(Name::Layers) == 1);
    Ok(ReleaseWish { reference, origin, all_platforms, with_layers })
}

fn pull(form: &Form) -> Result<PullWish, Wrong> {
    let reference = named(form)?;
    let platform = Some(form.text(Name::Platform)).filter(|text| !text.is_empty());
    if let Some(platform) = platform {
        check_platform(platform).map_err(|cause| (Name::Platform, cause.to_owned()))?;
    }
    let overridden = form.chosen(Name::What) == 1;
    if overridden && form.text(Name::Typed).parse() != Ok(reference.clone()) {
        return Err((Name::Typed, format!("type `{}` once more: nobody may have released it", reference.familiar())));
    }
    Ok(PullWish { reference, platform: platform.map(str::to_owned), overridden })
}

/// Which names are watched, and how.
fn watch(form: &Form, account: Address, empty: bool) -> Result<Watch, Wrong> {
    let typed = given(form, Name::Reference, "name one or several images")?;
    let wrong = |error: ReferenceError| (Name::Reference, error.to_string());
    let mut names: Vec<Reference> =
        typed.split_whitespace().map(str::parse).collect::<Result<_, _>>().map_err(wrong)?;
    names.sort();
    names.dedup();
    let every = given(form, Name::Every, "say how often: 6h, 30m")?;
    let every = span(every, LONGEST).map_err(|error| (Name::Every, error))?;
    let depth = if form.chosen(Name::Read) == 0 { Depth::Manifests } else { Depth::Layers };
    let renew = Some(form.text(Name::Renew)).filter(|text| !text.is_empty());
    let renew = renew.map(|text| span(text, LONGEST)).transpose().map_err(|error| (Name::Renew, error))?;
    let cap = given(form, Name::Price, "say the most that one gas may cost, in gwei: nobody is asked later")?;
    let cap = Wei::from_gwei(cap).map_err(|_| (Name::Price, "a price is written in gwei: 2 or 2.5".to_owned()))?;
    if form.fields.iter().any(|field| field.name == Name::Passphrase) {
        opened(form, empty)?;
    }
    if form.text(Name::Typed) != WATCH {
        return Err((
            Name::Typed,
            format!("type `{WATCH}`: each name that changed or is renewed costs a transaction, unasked"),
        ));
    }
    Ok(Watch { names, account, every, depth, renew, cap: Some(cap) })
}
