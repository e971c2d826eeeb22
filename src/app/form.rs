//! Dialogs of labelled fields: everything that is done to accounts.

mod matter;

pub use matter::Matter;
use tui_input::Input;

use crate::{
    app::{
        msg::{SecretField, SecretShape},
        sign::Sign,
        trust::Entry,
    },
    domain::progress::Progress,
};

/// Names of fields; each is in a form once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name {
    /// Where a key comes from, or is.
    Kind,
    /// A path.
    File,
    /// A passphrase that opens.
    Passphrase,
    /// A passphrase to be.
    NewPassphrase,
    /// The same again.
    OnceMore,
    /// Digits or words.
    Key,
    /// BIP-32's path.
    Path,
    /// BIP-39's own passphrase.
    WordsPassphrase,
    /// A registry.
    Registry,
    /// Who logs in.
    User,
    /// Clef's URL.
    Url,
    /// An address.
    Address,
    /// A label.
    Label,
    /// What is typed to be sure.
    Typed,
    /// Time between two looks.
    Every,
    /// Highest price of one gas.
    Price,
    /// Minutes.
    Minutes,
    /// What is done.
    What,
    /// An image name.
    Reference,
    /// An image name that an archive is judged as.
    As,
    /// Whose word counts, alone.
    Only,
    /// How many endpoints must say the same.
    Agree,
    /// How closely a registry is looked at.
    Read,
    /// What of it is said.
    Say,
    /// In which way.
    How,
    /// A registry and a path on it.
    Namespace,
    /// The registry contract's address.
    Contract,
    /// The publisher directory's address.
    Directory,
    /// A digest.
    Digest,
    /// A moment.
    Until,
    /// Why.
    Reason,
    /// A pattern of image names.
    Pattern,
    /// What a word is worth.
    Role,
    /// What a publisher is called.
    Called,
    /// Why, in the user's words.
    Note,
    /// Where a rule holds.
    Network,
    /// How many must agree.
    Require,
    /// How settled a block must be.
    Finality,
    /// Whether successors are followed.
    Successions,
    /// How old an observer's word may be.
    MaxAge,
    /// Which platforms' images.
    Platforms,
    /// Which platform's image.
    Platform,
    /// Whether layers are named.
    Layers,
    /// When the same is said again.
    Renew,
}

impl Name {
    /// As the form shows it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Kind => "its key is",
            Self::File => "file",
            Self::Passphrase | Self::NewPassphrase => "passphrase",
            Self::OnceMore => "once more",
            Self::Key => "key",
            Self::Path => "path",
            Self::WordsPassphrase => "25th word",
            Self::Registry => "registry",
            Self::User => "user",
            Self::Url => "URL",
            Self::Address => "address",
            Self::Label => "label",
            Self::Typed => "to be sure",
            Self::Every => "every",
            Self::Price => "gas price",
            Self::Minutes => "minutes",
            Self::What => "what",
            Self::Reference => "image name",
            Self::As => "judged as",
            Self::Only => "trust only",
            Self::Agree => "must agree",
            Self::Read => "read",
            Self::Say => "say",
            Self::How => "how",
            Self::Namespace => "namespace",
            Self::Contract => "contract",
            Self::Directory => "directory",
            Self::Digest => "digest",
            Self::Until => "until",
            Self::Reason => "reason",
            Self::Pattern => "pattern",
            Self::Role => "as",
            Self::Called => "name",
            Self::Note => "note",
            Self::Network => "on",
            Self::Require => "require",
            Self::Finality => "block",
            Self::Successions => "successors",
            Self::MaxAge => "max. age",
            Self::Platforms => "platforms",
            Self::Platform => "platform",
            Self::Layers => "layers",
            Self::Renew => "renew",
        }
    }
}

/// What a field holds.
#[derive(Debug, Clone)]
pub enum Value {
    /// A line of text.
    Text(Input),
    /// One of several; the arrows choose.
    Choice {
        /// All of them.
        options: Vec<String>,
        /// Which.
        at: usize,
    },
    /// What only the event loop holds.
    Secret(SecretField),
}

/// One field.
#[derive(Debug, Clone)]
pub struct Field {
    /// Which.
    pub name: Name,
    /// What it holds.
    pub value: Value,
    /// What may stand there, while nothing does.
    pub hint: &'static str,
}

/// A dialog of fields.
#[derive(Debug, Clone)]
pub struct Form {
    /// What it is for.
    pub matter: Matter,
    /// From above.
    pub fields: Vec<Field>,
    /// The one that has the focus.
    pub focus: usize,
    /// What the secret fields hold, as far as the model may know.
    pub secret: SecretShape,
    /// Something was typed, or pasted, that closing loses.
    pub touched: bool,
    /// A text that was pasted, longer than fields are.
    pub document: Option<String>,
    /// The deed that is under way.
    pub working: Option<u64>,
    /// How far it is, as far as that is told.
    pub progress: Option<Progress>,
    /// Why it was not done.
    pub problem: Option<String>,
    /// The entry of the trust policy that is changed or removed, as it was when the dialog was opened.
    pub entry: Option<Entry>,
    /// The dialog that wanted an account, and goes on afterwards.
    pub back: Option<Box<Sign>>,
}

impl Form {
    /// The field with the focus.
    #[must_use]
    pub fn focused(&self) -> Option<&Field> {
        self.fields.get(self.focus)
    }

    /// What the field is called here: beside a passphrase that opens, the one to be is told apart from it.
    #[must_use]
    pub const fn label(&self, field: &Field) -> &'static str {
        match (self.matter, field.name) {
            (Matter::ChangePassphrase(_), Name::NewPassphrase) => "new one",
            (Matter::Export(_), Name::NewPassphrase) => "the copy's",
            (Matter::Pull, Name::What) => "how",
            (_, name) => name.label(),
        }
    }

    /// The secret field with the focus.
    #[must_use]
    pub fn secret_field(&self) -> Option<SecretField> {
        match self.focused()?.value {
            Value::Secret(field) if self.working.is_none() => Some(field),
            _ => None,
        }
    }

    /// True when the last field has the focus.
    #[must_use]
    pub fn is_at_end(&self) -> bool {
        self.focus + 1 >= self.fields.len()
    }

    /// What stands in the text field of that name, without blanks around it.
    #[must_use]
    pub fn text(&self, name: Name) -> &str {
        match self.fields.iter().find(|field| field.name == name).map(|field| &field.value) {
            Some(Value::Text(input)) => input.value().trim(),
            _ => "",
        }
    }

    /// Which of several is chosen in the field of that name.
    #[must_use]
    pub fn chosen(&self, name: Name) -> usize {
        match self.fields.iter().find(|field| field.name == name).map(|field| &field.value) {
            Some(Value::Choice { at, .. }) => *at,
            _ => 0,
        }
    }

    /// What is chosen of several in the field of that name.
    #[must_use]
    pub fn option(&self, name: Name) -> Option<&str> {
        match self.fields.iter().find(|field| field.name == name).map(|field| &field.value) {
            Some(Value::Choice { options, at }) => options.get(*at).map(String::as_str),
            _ => None,
        }
    }

    /// Gives the field of that name the focus.
    pub fn focus_on(&mut self, name: Name) {
        self.focus = self.fields.iter().position(|field| field.name == name).unwrap_or(self.focus);
    }
}
