//! What forms are for, and what is said of each.

use crate::domain::Address;

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
    /// Claim a namespace, or take a claim back.
    Namespace(Address),
    /// Tell whom a namespace vouches for.
    CheckNamespace,
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
    /// Tell who speaks for a name.
    CheckTrust,
    /// Tell who has published a name.
    Discover,
    /// Tell what a registry has.
    Remote,
    /// Hash an archive, a folder, or what a registry serves.
    Hash,
    /// Tell what an image is by the word of some publishers alone.
    Verify,
    /// Publish what a registry, an archive or the engine has under a name.
    Release,
    /// Pull an image, of another platform or against the policy.
    Pull,
    /// Write the policy to a file.
    ExportTrust,
    /// Take a policy over.
    ImportTrust,
    /// Publish the policy.
    PublishTrust,
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
    /// Withdraw a digest that is named.
    RevokeDigest,
    /// Attest what a registry serves.
    Observe,
    /// Observe names again and again.
    Watch(Address),
    /// Start a geth of this home.
    StartGeth,
    /// Stop every geth of this home.
    StopGeth,
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
            | Self::CheckNamespace
            | Self::Rule
            | Self::Deny
            | Self::Demand
            | Self::Untrust
            | Self::CheckTrust
            | Self::Discover
            | Self::Remote
            | Self::Hash
            | Self::Verify
            | Self::Release
            | Self::Pull
            | Self::ExportTrust
            | Self::ImportTrust
            | Self::PublishTrust
            | Self::Network
            | Self::AddNetwork
            | Self::RemoveNetwork
            | Self::Engine
            | Self::LogIn
            | Self::LogOut
            | Self::Push
            | Self::Observe
            | Self::RevokeDigest
            | Self::StartGeth
            | Self::StopGeth => None,
            Self::Label(account)
            | Self::Export(account)
            | Self::ChangePassphrase(account)
            | Self::Remove(account)
            | Self::Unlock(account)
            | Self::Delegate(account)
            | Self::Succeed(account)
            | Self::Retire(account)
            | Self::Watch(account)
            | Self::Namespace(account) => Some(account),
        }
    }

    /// What is done, in a word or two, as it is kept once it is done.
    #[must_use]
    pub const fn doing(self) -> &'static str {
        match self {
            Self::New | Self::Know => "new account",
            Self::Import => "importing",
            Self::Label(_) => "labelling",
            Self::Export(_) => "exporting",
            Self::ChangePassphrase(_) => "passphrase",
            Self::Remove(_) => "removing",
            Self::Restore => "restoring",
            Self::Unlock(_) => "unlocking",
            Self::ExportTrust => "writing",
            Self::Network | Self::AddNetwork | Self::RemoveNetwork => "network",
            Self::Engine => "engine",
            Self::LogIn => "logging in",
            Self::LogOut => "logging out",
            Self::Push => "pushing",
            Self::Watch(_) => "watching",
            Self::StartGeth | Self::StopGeth => "geth",
            _ => "done",
        }
    }

    /// What is told while it is done.
    #[must_use]
    pub const fn work(self) -> &'static str {
        match self {
            Self::CheckTrust
            | Self::Verify
            | Self::Discover
            | Self::Remote
            | Self::Namespace(_)
            | Self::CheckNamespace
            | Self::ImportTrust
            | Self::PublishTrust => "reading it, and asking. Esc stops it.",
            Self::Hash | Self::Release => "reading and hashing it. Esc stops it.",
            Self::Push => "pushing it, and reading it back. Esc stops it.",
            Self::LogIn | Self::LogOut => "asking the registry. Esc stops it.",
            Self::Network | Self::AddNetwork | Self::RemoveNetwork | Self::Engine => "asking there. Esc stops it.",
            Self::StartGeth | Self::StopGeth => "at work; it may take a while. Esc stops it.",
            _ => "at work; a key takes a moment to open or to seal. Esc stops it.",
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
            Self::Namespace(_) => "Namespace",
            Self::CheckNamespace => "Whom a namespace vouches for",
            Self::Given => "Signed elsewhere",
            Self::Rule => "Trust",
            Self::Deny => "Deny",
            Self::Demand => "Demand",
            Self::Untrust => "Remove from the policy",
            Self::CheckTrust => "Who speaks for it",
            Self::Discover => "Who has published it",
            Self::Remote => "What the registry has",
            Self::Hash => "Hash an image",
            Self::Verify => "Verify by somebody's word",
            Self::Release => "Publish a release",
            Self::Pull => "Pull",
            Self::ExportTrust => "Write the policy",
            Self::ImportTrust => "Take a policy over",
            Self::PublishTrust => "Publish the policy",
            Self::Network => "Turn to a network",
            Self::AddNetwork => "Add a network",
            Self::RemoveNetwork => "Forget a network",
            Self::Engine => "Docker engine",
            Self::LogIn => "Log in to a registry",
            Self::LogOut => "Forget a login",
            Self::Push => "Push",
            Self::Observe => "Observe",
            Self::RevokeDigest => "Revoke a digest",
            Self::Watch(_) => "Watch names",
            Self::StartGeth => "Start geth",
            Self::StopGeth => "Stop geth",
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
            Self::Namespace(_) => {
                "The account says that it publishes for the namespace: in its registry, where only who can push says so, and on the chain. What is signed is shown first, the claim with its cost. Claiming again renews the registry's statement."
            }
            Self::CheckNamespace => {
                "A namespace vouches for a publisher by both halves: the publisher claims it on the chain, and the registry holds the publisher's signed statement, which only who can push there puts there."
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
            Self::CheckTrust => {
                "The rule that decides about an image name, who speaks by it, and what is demanded of them."
            }
            Self::Discover => {
                "Everybody who has published the image name on this network, since when and how often, and for whom its namespace vouches. Nobody is trusted by being first: `a` lets one of them speak for it."
            }
            Self::Remote => {
                "The registry is asked what it has now, and each image is judged before anything is pulled. A repository tells its tags, `registry/namespace/*` its repositories."
            }
            Self::Hash => {
                "An image archive, as `docker save` writes it, a folder in the OCI layout, or what a registry serves for every platform is read whole, and every byte is hashed. No engine and no node is asked, and nothing is kept, unless it is judged by what was released."
            }
            Self::Verify => {
                "The image is judged as if these publishers were trusted, and nobody else. Nothing is kept, and its line in the list stays as it is: `t` lets a publisher speak for it from now on."
            }
            Self::Release => {
                "Every byte is read and hashed, and what was measured is shown with its cost before anything is signed. A release of all platforms holds the index, too. One image that is here `p` publishes, marked ones one after the other."
            }
            Self::Pull => {
                "The image is judged by what its registry claims, pulled, measured and judged again; only then it bears the name. What the trust policy refuses is pulled only where you say so here, each time; what contradicts itself never."
            }
            Self::ExportTrust => {
                "The policy is written as it is, comments and all, to a new file for its user alone. Its digest is what publishing it releases."
            }
            Self::ImportTrust => {
                "What would change is shown before anything is taken over. With an image name the file must be a verified release of it by those whom the policy trusts now, or by those whom you name. Name the file, or paste its text."
            }
            Self::PublishTrust => {
                "The digest of the policy is released under a name of your choice, for others to verify what they import. Without a file it is this home's own policy. The cost is shown before anything is signed."
            }
            Self::Network => {
                "Images are judged by what is published there, and what is published is written there. The screen begins anew: unlocked accounts are locked; what was sent goes on, and is taken up when the screen is back on this network."
            }
            Self::AddNetwork => {
                "Every endpoint is asked for its chain, and must be of the same one. Of several, most must say the same. `n` turns to it afterwards."
            }
            Self::RemoveNetwork => {
                "Its endpoints leave `config.toml`; what was written to its chain stays there. Where it is the current one, `dev` is afterwards."
            }
            Self::StartGeth => {
                "A geth of this home is started and watched by a process of its own, as `daochain node start --geth` does: the chain of the current network where that is one, else a private development chain, which the network `geth` is then. It goes on when this screen is closed, opens no port for requests, and takes some hundred MB of memory and disk."
            }
            Self::StopGeth => {
                "Every geth of this home is stopped in order, as `daochain node stop` does, also those that other programs use. Their chains stay on disk; networks that consist of them answer nothing until they are started again, and a transaction that is in no block by then may be lost."
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
            Self::RevokeDigest => {
                "Final: the digest can never be published again under the name by the account. It need not be here, nor have been published. The cost is shown before anything is signed."
            }
            Self::Watch(_) => {
                "The registries are asked again and again what they serve under these names. Whatever changed is signed and sent WITHOUT ASKING EACH TIME, and the account pays a transaction for each name that changed, or is said again. Its key stays in this program's memory until the watch is stopped (`x` in the activity pane) or the program ends."
            }
            Self::Observe => {
                "The registry is asked what it serves under the name now, and the chain what was said of it. What was found is shown with its cost before anything is signed."
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
