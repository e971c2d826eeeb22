#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::Path,
};

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

mod settings;
mod trust;

const ADDRESS: &str = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
const FILE: &str = r#"# mine
network = "sepolia" # the test network
docker_host = "unix:///file.sock"
archives = ["images", "/srv/images"]
jobs = 3
default_account = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"

[networks.sepolia]
rpc = ["https://one.example/v3/KEY", "https://two.example"]
chain_id = 11155111
contract = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"

[networks.local]
rpc = "http://127.0.0.1:8545" # geth
"#;

/// A home, and what flags and environment say beside its file.
struct Setup {
    folder: TempDir,
    options: Options,
    env: Vec<(&'static str, &'static str)>,
}

impl Setup {
    fn new(file: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("config.toml"), file).unwrap();
        let options = Options { home: Some(folder.path().to_owned()), ..Options::default() };
        Self { folder, options, env: Vec::new() }
    }

    fn network(mut self, name: &str) -> Self {
        self.options.network = Some(name.to_owned());
        self
    }

    fn rpc(mut self, url: &str) -> Self {
        self.options.rpc.push(url.to_owned());
        self
    }

    fn env(mut self, name: &'static str, value: &'static str) -> Self {
        self.env.push((name, value));
        self
    }

    fn load(&self) -> Result<Config, ConfigError> {
        let env = |name: &str| self.env.iter().find(|(own, _)| *own == name).map(|(_, value)| (*value).to_owned());
        Config::load(self.options.clone(), &env)
    }

    fn home(&self) -> Home {
        Home::at(self.folder.path())
    }

    fn text(&self) -> String {
        fs::read_to_string(self.home().config_file).unwrap()
    }

    /// The chosen network's name and first host.
    fn chosen(&self) -> (String, Option<String>) {
        let network = self.load().unwrap().network;
        (network.name, network.rpc.first().and_then(|url| url.host_str()).map(str::to_owned))
    }
}

fn chosen(name: &str, host: &str) -> (String, Option<String>) {
    (name.to_owned(), Some(host).filter(|host| !host.is_empty()).map(str::to_owned))
}

#[test]
fn without_anything_the_embedded_node_is_used() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { home: Some(folder.path().join("none")), ..Options::default() };
    let config = Config::load(options, &|_| None).unwrap();
    assert_eq!((config.network, config.networks), (Network::dev(), vec![Network::dev()]));
    assert!(!folder.path().join("none").exists(), "loading writes nothing");
}

#[test]
fn the_file_is_read() {
    let setup = Setup::new(FILE);
    let config = setup.load().unwrap();
    assert_eq!(setup.chosen(), chosen("sepolia", "one.example"));
    assert_eq!((config.network.rpc.len(), config.network.chain_id), (2, Some(11_155_111)));
    assert_eq!(config.network.contract, Some(ADDRESS.parse().unwrap()));
    let names: Vec<_> = config.networks.iter().map(|network| network.name.as_str()).collect();
    assert_eq!(names, ["dev", "local", "sepolia"]);
    assert_eq!(config.default_account, Some(ADDRESS.parse().unwrap()));
    assert_eq!(config.archives, [setup.folder.path().join("images"), "/srv/images".into()]);
    assert_eq!(config.docker_host.as_deref(), Some("unix:///file.sock"));
    assert_eq!((config.jobs, config.notices.as_slice()), (3, &[][..]));
    assert!((1..=4).contains(&Setup::new("").load().unwrap().jobs));
    for wrong in ["jobs = 0", "jobs = -1", "jobs = 1.5", "jobs = 'two'"] {
        let error = Setup::new(wrong).load().unwrap_err();
        assert_eq!(error.code(), "config-invalid");
        assert!(error.to_string().contains("`jobs` is not a whole number of 1 or more"), "{wrong}: {error}");
    }
}

#[test]
fn environment_stands_above_the_file_and_flags_above_both() {
    let dev = || Setup::new(FILE).env("DAOCHAIN_NETWORK", "dev");
    assert_eq!(dev().chosen(), chosen("dev", ""));
    assert_eq!(dev().network("local").chosen(), chosen("local", "127.0.0.1"));
    let rpc = || Setup::new(FILE).env("DAOCHAIN_RPC", "http://env.example http://other.example");
    assert_eq!(rpc().chosen(), chosen("custom", "env.example"));
    assert_eq!(rpc().load().unwrap().network.rpc.len(), 2);
    assert_eq!(rpc().network("sepolia").chosen(), chosen("sepolia", "one.example"));
    assert_eq!(rpc().rpc("http://flag.example").chosen(), chosen("custom", "flag.example"));
    assert_eq!(dev().rpc("http://flag.example").chosen(), chosen("custom", "flag.example"));
    let both = Setup::new(FILE).network("sepolia").rpc("http://flag.example");
    assert_eq!(both.chosen(), chosen("sepolia", "flag.example"));
    assert_eq!(both.load().unwrap().network.chain_id, Some(11_155_111), "the chain is still demanded");
    let engine = |setup: Setup| setup.load().unwrap().docker_host;
    assert_eq!(engine(Setup::new(FILE).env("DOCKER_HOST", "tcp://env")), None, "left to the engine's own search");
    let mut flag = Setup::new(FILE).env("DOCKER_HOST", "tcp://env").env("DAOCHAIN_PASSWORD_FILE", "env");
    flag.options.docker_host = Some("unix:///flag.sock".to_owned());
    flag.options.archives = vec!["/flag".into()];
    assert_eq!(flag.load().unwrap().archives, [Path::new("/flag")]);
    assert_eq!(flag.load().unwrap().password_file.as_deref(), Some(Path::new("env")));
    flag.options.password_file = Some("-".into());
    assert_eq!(flag.load().unwrap().password_file.as_deref(), Some(Path::new("-")));
    assert_eq!(engine(flag).as_deref(), Some("unix:///flag.sock"));
}

#[test]
fn a_network_of_endpoints_alone_is_listed_last() {
    let config = Setup::new(FILE).rpc("https://flag.example").load().unwrap();
    assert_eq!(config.networks.last(), Some(&config.network));
}

#[test]
fn what_cannot_be_is_refused_with_its_reason() {
    let error = Setup::new(FILE).network("mainet\u{1b}").load().unwrap_err();
    assert_eq!(error.code(), "no-such-network");
    let sentence = "there is no network `mainet\\u{1b}` among `dev`, `local`, `sepolia`; name one of these";
    assert_eq!(error.to_string(), sentence);
    for (setup, word) in [
        (Setup::new("").network("dev").rpc("http://x.example"), "embedded node"),
        (Setup::new("").rpc("x.example/SECRET"), "no URL"),
        (Setup::new("").rpc("ftp://x.example/SECRET"), "scheme is `ftp`"),
        (Setup::new("").rpc("ipc:SECRET"), "names no socket"),
        (Setup::new("").rpc("ipc:/a#SECRET"), "written as `%3F` or `%23`"),
        (Setup::new("").rpc("/SECRET"), "no URL"),
        (Setup::new("").env("DAOCHAIN_RPC", "http://a http://b:SECRET"), "endpoint 2 of DAOCHAIN_RPC"),
    ] {
        let error = setup.load().unwrap_err();
        assert_eq!(error.code(), "usage");
        assert!(error.to_string().contains(word) && !error.to_string().contains("SECRET"), "{error}");
    }
}

#[test]
fn a_network_says_after_how_many_blocks_one_is_final() {
    let file = |value| format!("[networks.a]\nrpc = \"http://x\"\nfinal_after = {value}\n");
    let load = |value| Setup::new(&file(value)).network("a").load();
    assert_eq!(load("64").unwrap().network.final_after, Some(64));
    assert!(["-1", "\"64\"", "1.5"].iter().all(|value| load(value).unwrap_err().code() == "config-invalid"));
}

#[test]
fn an_api_key_is_never_shown() {
    let setup = Setup::new(FILE).rpc("https://user:SECRET@flag.example/SECRET?SECRET");
    let shown = format!("{:?} {:?}", setup.load().unwrap(), setup.options);
    assert!(shown.contains("flag.example") && !shown.contains("SECRET") && !shown.contains("KEY"), "{shown}");
}

#[test]
fn a_malformed_file_is_named_with_line_and_cause_and_left_as_it_is() {
    for (text, line, word) in [
        ("network = \"dev\"\n\nnetwork =\n", 3, ""),
        ("network = 3", 1, "invalid type"),
        ("\nnetwork = \"nowhere\"", 2, "no network `nowhere` among `dev`"),
        ("\ndefault_account = \"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAee\"", 2, "checksum"),
        ("[networks.a]\nrpc = [\"ftp://x/SECRET\"]", 2, "scheme is `ftp`"),
        ("[networks.a]\nrpc = 5", 2, "not an endpoint's URL"),
        ("[networks.a]\nrpc = [[\"SECRET\"]]", 2, "not an endpoint's URL"),
        ("[networks.a]\nrpc = []", 2, "no endpoint"),
        ("[networks.a]\nchain_id = 1", 1, "missing field `rpc`"),
        ("[networks.dev]\nrpc = \"http://x\"", 2, "embedded node"),
        ("[networks.custom]\nrpc = \"http://x\"", 2, "choose another name"),
        ("[networks.\"a b\"]\nrpc = \"http://x\"", 2, "network name `a b`"),
        ("x = 1\nx = 2", 2, "duplicate"),
    ] {
        let setup = Setup::new(text);
        for error in [setup.load().unwrap_err(), use_network(&setup.home(), "dev").unwrap_err()] {
            let said = error.to_string();
            assert_eq!(error.code(), "config-invalid", "{said}");
            assert!(said.contains(&format!("config.toml`, line {line}, column ")), "{text:?}: {said}");
            assert!(said.contains(word) && !said.contains("SECRET"), "{text:?}: {said}");
        }
        assert_eq!(setup.text(), text);
    }
    let setup = Setup::new("");
    fs::write(setup.home().config_file, b"a = 1\n\xff").unwrap();
    assert!(setup.load().unwrap_err().to_string().contains("line 2, column 1: it is not UTF-8"));
}

#[test]
fn a_file_that_cannot_be_read_is_no_missing_file() {
    let setup = Setup::new("");
    let path = setup.home().config_file;
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert_eq!(setup.load().unwrap_err().code(), "config-unreadable");
    fs::remove_dir(&path).unwrap();
    fs::write(&path, " ".repeat(2 << 20)).unwrap();
    assert!(setup.load().unwrap_err().to_string().contains("larger"));
}

#[test]
fn keys_that_mean_nothing_are_told_and_kept() {
    let setup = Setup::new("netwrk = \"x\"\n[networks.a]\nrpc = \"http://x\"\nchainid = 1\n");
    let notices = setup.load().unwrap().notices;
    assert!(notices[0].sentence().contains("`netwrk`") && notices[1].sentence().contains("`networks.a.chainid`"));
    use_network(&setup.home(), "a").unwrap();
    assert!(setup.text().contains("netwrk") && setup.text().contains("chainid"));
}

#[test]
fn xdg_decides_without_a_home_and_relative_values_are_ignored() {
    let find = |values: &[(&str, &str)]| {
        let owned: Vec<(String, String)> = values.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Home::find(None, &move |name| owned.iter().find(|(own, _)| own == name).map(|(_, value)| value.clone()))
            .unwrap()
    };
    let home = find(&[("HOME", "/home/u")]);
    assert_eq!(home.config_file, Path::new("/home/u/.config/daochain/config.toml"));
    assert_eq!(home.database, Path::new("/home/u/.local/share/daochain/state.db"));
    let home = find(&[("HOME", "/home/u"), ("XDG_CONFIG_HOME", "/c"), ("XDG_DATA_HOME", "d")]);
    assert_eq!(home.trust_file, Path::new("/c/daochain/trust.toml"));
    assert_eq!(home.keystore_dir, Path::new("/home/u/.local/share/daochain/keystore"));
    let home = find(&[("DAOCHAIN_HOME", "/h"), ("XDG_CONFIG_HOME", "/c")]);
    assert_eq!(
        (home.config_file.as_path(), home.log_file.as_path()),
        (Path::new("/h/config.toml"), Path::new("/h/daochain.log"))
    );
    assert!(Home::at(Path::new("relative")).database.is_absolute());
}

#[test]
fn a_home_is_made_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(&folder.path().join("home"));
    assert_eq!(home.prepare().unwrap(), []);
    for made in [home.database.parent().unwrap(), &home.keystore_dir] {
        assert_eq!(fs::metadata(made).unwrap().mode() & 0o777, 0o700);
    }
    let open = |mode| {
        fs::set_permissions(&home.keystore_dir, fs::Permissions::from_mode(mode)).unwrap();
        home.prepare()
    };
    assert!(open(0o755).unwrap()[0].sentence().contains("chmod 700"));
    assert_eq!(open(0o770).unwrap_err().code(), "home-exposed");
    assert_eq!(open(0o700).unwrap(), []);
    assert_eq!(Home::at(Path::new("/proc/version/home")).prepare().unwrap_err().code(), "home-unwritable");
}

#[test]
fn networks_are_added_used_and_removed_and_comments_stay() {
    let setup = Setup::new(FILE);
    let home = setup.home();
    let main = Network {
        chain_id: Some(1),
        contract: Some(ADDRESS.parse().unwrap()),
        ..Network::new("main", vec!["https://m.example/".parse().unwrap()])
    };
    add_network(&home, &main).unwrap();
    assert_eq!(add_network(&home, &main).unwrap_err().code(), "network-exists");
    let (known, _) = networks(&home).unwrap();
    assert_eq!(check_new_name(&known, &main.name).unwrap_err().code(), "network-exists");
    use_network(&home, "main").unwrap();
    let (listed, current) = networks(&home).unwrap();
    assert_eq!((listed[2].clone(), current.as_str()), (main.clone(), "main"));
    assert_eq!(setup.load().unwrap().network, main);
    let account = "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359".parse().unwrap();
    set_default_account(&home, None, account).unwrap();
    assert_eq!(setup.load().unwrap().default_account, Some(account));
    remove_network(&home, "main").unwrap();
    assert_eq!(networks(&home).unwrap().1, "dev", "the current one went");
    assert_eq!(remove_network(&home, "main").unwrap_err().code(), "no-such-network");
    assert_eq!(use_network(&home, "main").unwrap_err().code(), "no-such-network");
    assert_eq!(remove_network(&home, "dev").unwrap_err().code(), "usage");
    use_network(&home, "sepolia").unwrap();
    remove_network(&home, "local").unwrap();
    assert!(setup.text().starts_with("# mine\nnetwork = \"sepolia\" # the test network\n"), "{}", setup.text());
    assert_eq!(setup.chosen(), chosen("sepolia", "one.example"));
    assert_eq!(fs::metadata(&home.config_file).unwrap().mode() & 0o777, 0o600);
}

#[test]
fn a_comment_behind_a_changed_value_stays() {
    let setup = Setup::new(FILE);
    use_network(&setup.home(), "local").unwrap();
    assert_eq!(setup.text(), FILE.replace("network = \"sepolia\" #", "network = \"local\" #"));
}

#[test]
fn networks_are_added_to_a_home_without_a_file_and_to_inline_tables() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(&folder.path().join("new"));
    let rpc = || vec!["http://127.0.0.1:1/".parse().unwrap()];
    let network = |name: &str| Network::new(name, rpc());
    add_network(&home, &network("a")).unwrap();
    fs::write(&home.config_file, "networks = { a = { rpc = \"http://x\" } }").unwrap();
    add_network(&home, &network("b")).unwrap();
    assert_eq!(networks(&home).unwrap().0.len(), 3);
    for name in ["dev", "custom", "", "a b", "-x", "\u{1b}[2J"] {
        assert_eq!(add_network(&home, &network(name)).unwrap_err().code(), "usage", "{name:?}");
    }
    assert_eq!(add_network(&home, &Network { rpc: vec![], ..network("c") }).unwrap_err().code(), "usage");
    assert_eq!(add_network(&home, &Network { chain_id: Some(u64::MAX), ..network("c") }).unwrap_err().code(), "usage");
}

#[test]
fn each_network_has_a_default_account_of_its_own_and_accounts_have_labels() {
    let setup = Setup::new(FILE);
    let home = setup.home();
    let (one, other): (Address, Address) =
        (ADDRESS.parse().unwrap(), "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359".parse().unwrap());
    set_default_account(&home, Some("sepolia"), other).unwrap();
    set_default_account(&home, Some("dev"), one).unwrap();
    let config = setup.load().unwrap();
    assert_eq!((config.default_account, config.notices.as_slice()), (Some(one), &[][..]));
    assert_eq!(config.default_accounts, [("dev".to_owned(), one), ("sepolia".to_owned(), other)].into());
    remove_network(&home, "sepolia").unwrap();
    assert_eq!(setup.load().unwrap().default_accounts, [("dev".to_owned(), one)].into());
    set_default_account(&home, None, other).unwrap();
    let config = setup.load().unwrap();
    assert_eq!((config.default_account, config.default_accounts.len()), (Some(other), 0));

    set_label(&home, one, None).unwrap();
    assert!(!setup.text().contains("labels"));
    set_label(&home, one, Some("deploy")).unwrap();
    let lower = setup.text().replace(&format!("{one} = "), &format!("\"{}\" = ", one.to_string().to_lowercase()));
    fs::write(&home.config_file, lower).unwrap();
    set_label(&home, one, Some("deploy-2 é")).unwrap();
    assert_eq!(setup.load().unwrap().labels, [(one, "deploy-2 é".to_owned())].into());
    for label in ["", "  ", "a\u{1b}[2J", "a\nb", &"x".repeat(41)] {
        assert_eq!(set_label(&home, one, Some(label)).unwrap_err().code(), "usage", "{label:?}");
    }
    set_label(&home, one, None).unwrap();
    assert_eq!(setup.load().unwrap().labels.len(), 0);
    fs::write(&home.config_file, format!("[labels]\n\"{one}\" = \"a\\u001b[2J\"")).unwrap();
    assert!(!setup.load().unwrap().labels[&one].contains('\u{1b}'), "strangers may have written the file");
}

#[test]
fn a_foreign_keystore_is_used_in_place_and_not_made() {
    let setup = Setup::new("keystore = \"theirs\"");
    let of = |setup: &Setup| setup.load().unwrap().home;
    assert_eq!(of(&setup).keystore_dir, setup.folder.path().join("theirs"));
    assert_eq!(of(&setup.env("DAOCHAIN_KEYSTORE", "/env")).keystore_dir, Path::new("/env"));
    let mut setup = Setup::new("keystore = \"theirs\"").env("DAOCHAIN_KEYSTORE", "/env");
    let folder = setup.folder.path().join("keys");
    setup.options.keystore = Some(folder.clone());
    let home = of(&setup);
    assert_eq!((&home.keystore_dir, home.keystore_is_foreign), (&folder, true));
    assert!(home.prepare().unwrap()[0].sentence().contains("does not exist"));
    assert!(!folder.exists() && !setup.folder.path().join("keystore").exists());
    fs::create_dir_all(folder.join("keystore")).unwrap();
    let open = |mode| {
        fs::set_permissions(&folder, fs::Permissions::from_mode(mode)).unwrap();
        home.prepare()
    };
    assert!(open(0o700).unwrap()[0].sentence().contains("the one that was meant"));
    assert!(open(0o770).unwrap()[0].sentence().contains("group"));
    assert_eq!(open(0o707).unwrap_err().code(), "home-exposed");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_file_panics(text in any::<String>()) {
        let path = Path::new("config.toml");
        let _ = file::parse(path, &text);
    }
}
