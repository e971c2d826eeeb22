//! Dialogs of labelled fields: everything that is done to accounts.

use tui_input::Input;

use crate::{
    app::{
        msg::{SecretField, SecretShape},
        sign::Sign,
        trust::Entry,
    },
    domain::Address,
};

/// What a form is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matter {
    /// Make a key.
    New,
    /// Keep a key that there is.
    Import,
    /// Know an account whose key is elsewhere.
    Know,
    /// Call it something.
    Label(Address),
    /// Write a copy of its key file.
    Export(Address),
    /// Give it another passphrase.
    ChangePassphrase(Address),
    /// Take it away.
    Remove(Address),
    /// Put one back that was removed.
    Restore,
    /// Keep its key open for a while.
    Unlock(Address),
    /// Let another account speak for it, or no longer.
    Delegate(Address),
    /// Offer its word to a successor, withdraw an offer, or take over.
    Succeed(Address),
    /// End its word.
    Retire(Address),
    /// Sign or send what was carried here.
    Given,
    /// Make a rule of the trust policy.
    Rule,
    /// Deny a pattern.
    Deny,
    /// Demand more of a pattern.
    Demand,
    /// Take the selected entry of the trust policy away.
    Untrust,
    /// Turn to another network.
    Network,
    /// Know another network.
    AddNetwork,
    /// Forget a network.
    RemoveNetwork,
    /// Ask another engine.
    Engine,
    /// Log in to a registry.
    LogIn,
    /// Forget a registry's login.
    LogOut,
    /// Push an image.
    Push,
}

impl Matter {
    /// The account that it is about.
    #[must_use]
    pub const fn account(self) -> Option<Address> {
        match self {
            Self::New
            | Self::Import
            | Self::Know
            | Self::Restore
            | Self::Given
            | Self::Rule
            | Self::Deny
            | Self::Demand
            | Self::Untrust
            | Self::Network
            | Self::AddNetwork
            | Self::RemoveNetwork
            | Self::Engine
            | Self::LogIn
            | Self::LogOut
            | Self::Push => None,
            Self::Label(account)
            | Self::Export(account)
            | Self::ChangePassphrase(account)
            | Self::Remove(account)
            | Self::Unlock(account)
            | Self::Delegate(account)
            | Self::Succeed(account)
            | Self::Retire(account) => Some(account),
        }
    }

    /// The form's title.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::New => "New account",
            Self::Import => "Import a key",
            Self::Know => "Add an account",
            Self::Label(_) => "Label",
            Self::Export(_) => "Export",
            Self::ChangePassphrase(_) => "Change the passphrase",
            Self::Remove(_) => "Remove",
            Self::Restore => "Restore",
            Self::Unlock(_) => "Unlock",
            Self::Delegate(_) => "Delegate",
            Self::Succeed(_) => "Succession",
            Self::Retire(_) => "Retire",
            Self::Given => "Signed elsewhere",
            Self::Rule => "Trust",
            Self::Deny => "Deny",
            Self::Demand => "Demand",
            Self::Untrust => "Remove from the policy",
            Self::Network => "Turn to a network",
            Self::AddNetwork => "Add a network",
            Self::RemoveNetwork => "Forget a network",
            Self::Engine => "Docker engine",
            Self::LogIn => "Log in to a registry",
            Self::LogOut => "Forget a login",
            Self::Push => "Push",
        }
    }

    /// What somebody who has never done it should know.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::New => {
                "The key is written to this home, protected by a passphrase. Nobody can restore either: without the passphrase the key is lost, and with both anybody can publish as you."
            }
            Self::Import => {
                "The key is sealed at geth's strength and kept in this home. A key file keeps the passphrase that opens it."
            }
            Self::Know => {
                "Its key stays where it is: clef signs what its user allows, another machine signs requests that are carried there, a contract's owners execute what is called."
            }
            Self::Label(_) => "What this home calls the account. Empty calls it nothing.",
            Self::Export(_) => "A copy of the key file is written, sealed with a passphrase of its own.",
            Self::ChangePassphrase(_) => "Copies of the old key file still open with the old passphrase.",
            Self::Remove(_) => "The account leaves the keystore, and can be restored for 30 days.",
            Self::Restore => "The account comes back as it was.",
            Self::Unlock(_) => {
                "Its key stays in this program's memory, and no passphrase is asked: until the time is over, somebody locks it (`u`), no key is pressed for two minutes, or the program ends."
            }
            Self::Delegate(_) => {
                "The other account may publish and revoke in this one's name, under one image name or all (empty). The cost is shown before anything is signed."
            }
            Self::Succeed(_) => {
                "Another publisher takes over an image name, or all of them (empty), once it accepts: that is final. Verifiers are told, and follow only when they choose to."
            }
            Self::Given => {
                "A request that `--cold` made elsewhere is shown in plain words, and signed with this home's key. A signature that comes back is shown with its cost, and sent from any account that can pay. Name its file, or paste its text."
            }
            Self::Rule => {
                "Whose word counts for which image names. The most specific pattern decides, alone. An observer attests what it saw: it decides only where a demand says how many observers must agree."
            }
            Self::Deny => "Nobody's word makes these images good, unless a more specific rule does.",
            Self::Demand => {
                "What is demanded of words about these images; each is taken from the most specific pattern that states it."
            }
            Self::Untrust => "The entry leaves the trust policy. Images are judged without it at once.",
            Self::Network => {
                "Images are judged by what is published there, and what is published is written there. The screen begins anew: unlocked accounts are locked; what was sent goes on, and is taken up when the screen is back on this network."
            }
            Self::AddNetwork => {
                "Every endpoint is asked for its chain, and must be of the same one. Of several, most must say the same. `n` turns to it afterwards."
            }
            Self::RemoveNetwork => {
                "Its endpoints leave `config.toml`; what was written to its chain stays there. Where it is the current one, `dev` is afterwards."
            }
            Self::LogIn => {
                "The registry is asked whether the login is good. It is kept by Docker's credential helper where there is one, else unencrypted in this home, for its user alone."
            }
            Self::LogOut => {
                "The login leaves the credential helper and this home. Docker's own file is left to Docker."
            }
            Self::Push => {
                "The engine pushes the image to its registry under this name, where anybody who may read there sees it; then what the registry serves is read back and compared with what was measured here. Nothing is published on the chain: `p` does that."
            }
            Self::Engine => {
                "The engine's address, such as unix:///run/user/1000/docker.sock, tcp://127.0.0.1:2376 or http://127.0.0.1:2375. Empty: DOCKER_HOST, Docker's context and the usual sockets decide."
            }
            Self::Retire(_) => {
                "Final: nothing of the account under the image name (empty: under any) can be verified any more."
            }
        }
    }
}

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
    /// Minutes.
    Minutes,
    /// What is done.
    What,
    /// An image name.
    Reference,
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
}

impl Name {
    /// As the form shows it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Kind => "its key is",
            Self::File => "file",
            Self::Passphrase => "passphrase",
            Self::NewPassphrase => "new one",
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
            Self::Minutes => "minutes",
            Self::What => "what",
            Self::Reference => "image name",
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
