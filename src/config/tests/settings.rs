use super::*;

fn setting(setup: &Setup, key: &str) -> Setting {
    let env = |name: &str| setup.env.iter().find(|(own, _)| *own == name).map(|(_, value)| (*value).to_owned());
    let all = settings(&setup.options, &env).unwrap();
    all.iter().find(|one| one.key == key).cloned().unwrap_or_else(|| panic!("{key}: {all:#?}"))
}

fn origin(setup: &Setup, key: &str) -> Origin {
    setting(setup, key).origin
}

#[test]
fn each_key_tells_who_said_it_and_what_counts() {
    let file = || Setup::new(FILE);
    assert_eq!(setting(&file(), "network").at, Some((2, 1)));
    assert_eq!(setting(&file(), "networks.sepolia.chain_id").at, Some((10, 1)));
    assert_eq!(origin(&file(), "jobs"), Origin::File);
    assert_eq!(origin(&Setup::new(""), "jobs"), Origin::Default);
    assert_eq!(origin(&Setup::new(""), "network"), Origin::Default);
    let env = file().env("DAOCHAIN_NETWORK", "local");
    assert_eq!(origin(&env, "network"), Origin::Environment("DAOCHAIN_NETWORK"));
    assert_eq!(origin(&env.network("sepolia"), "network"), Origin::Flag("--network"));
    let docker = file().env("DOCKER_HOST", "tcp://env");
    assert_eq!(setting(&docker, "docker_host").value, Some(serde_json::json!("tcp://env")));
    assert_eq!(origin(&docker, "docker_host"), Origin::Environment("DOCKER_HOST"));
}

#[test]
fn what_a_level_says_of_the_network_is_all_of_it() {
    let flag = Setup::new(FILE).env("DAOCHAIN_RPC", "http://env.example").network("sepolia");
    assert_eq!(origin(&flag, "networks.sepolia.rpc"), Origin::File, "the variable is not asked");
    let env = Setup::new(FILE).env("DAOCHAIN_RPC", "http://env.example");
    assert_eq!(origin(&env, "network"), Origin::Environment("DAOCHAIN_RPC"));
    assert_eq!(origin(&env, "networks.custom.rpc"), Origin::Environment("DAOCHAIN_RPC"));
    assert_eq!(origin(&env, "networks.sepolia.rpc"), Origin::File);
    let both = Setup::new(FILE).network("sepolia").rpc("http://flag.example");
    assert_eq!(origin(&both, "networks.sepolia.rpc"), Origin::Flag("--rpc"));
    assert_eq!(origin(&both, "networks.sepolia.chain_id"), Origin::File);
}

#[test]
fn keys_of_paid_services_are_not_told() {
    let all = format!("{:?}", settings(&Setup::new(FILE).options, &|_| None).unwrap());
    assert!(all.contains("https://one.example") && !all.contains("KEY"), "{all}");
}

#[test]
fn a_key_that_means_nothing_is_told_with_its_place_and_the_nearest() {
    let setup = Setup::new("jobs = 2\n  jbos = 3\nzzzzzzzz = 1\n[networks.a]\nrpc = 'http://a'\nchainid = 5\n");
    let notices = setup.load().unwrap().notices;
    let said: Vec<_> = notices.iter().map(|notice| notice.sentence().split("`, ").nth(1).unwrap().to_owned()).collect();
    assert_eq!(
        said,
        [
            "line 2, column 3: the key `jbos` means nothing; did you mean `jobs`?",
            "line 3, column 1: the key `zzzzzzzz` means nothing",
            "line 6, column 1: the key `networks.a.chainid` means nothing; did you mean `chain_id`?",
        ]
    );
    let [config, trust] = &check(&setup.home())[..] else { panic!() };
    assert_eq!((config.problems.len(), config.exists, trust.exists, trust.problems.len()), (3, true, false, 0));
}

#[test]
fn a_check_tells_errors_of_both_files_with_their_places() {
    let setup = Setup::new("network = 'nowhere'\n");
    let rule = format!("[[rule]]\npattern = 'a/*'\npublisher = '{ADDRESS}'\nnetwork = 'gone'\n");
    fs::write(setup.home().trust_file, &rule).unwrap();
    let problems = |of: usize| check(&setup.home())[of].problems.clone();
    assert_eq!(problems(0)[0].at, Some((1, 11)));
    fs::write(setup.home().config_file, "").unwrap();
    assert!(problems(0).is_empty() && problems(1)[0].words.contains("no network `gone`"), "{:?}", problems(1));
    fs::write(setup.home().trust_file, rule.replace("network", "netwrok")).unwrap();
    assert!(problems(1)[0].words.contains("did you mean `network`?") && problems(1)[0].at == Some((4, 1)));
}

#[test]
fn an_empty_variable_says_nothing() {
    let empty = Setup::new(FILE).env("DAOCHAIN_NETWORK", "").env("DAOCHAIN_RPC", " ").env("DAOCHAIN_HOME", "");
    assert_eq!(empty.chosen().0, "sepolia");
}
