#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
use super::*;

async fn find(content: &str, name: &str) -> Result<Option<(String, String)>, RegistryError> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("config.json"), content).unwrap();
    let path = folder.path().display().to_string();
    let access = Access::new(move |name| (name == "DOCKER_CONFIG").then(|| path.clone()));
    let (registry, repository) = name.split_once('/').unwrap_or((name, ""));
    let (found, _) = Login::find(registry, repository, &access).await?;
    Ok(found.map(|login| (login.parts().0.to_owned(), login.parts().1.to_owned())))
}

#[tokio::test]
async fn a_login_is_found_as_docker_wrote_it() {
    // lab:a:b and hub:secret
    let file = r#"{"auths":{"127.0.0.1:5000":{"auth":"bGFiOmE6Yg=="},"token.example":{"auth":"","identitytoken":"t"},
        "https://index.docker.io/v1/":{"auth":"aHViOnNlY3JldA=="},"https://old.example/v2/":{"auth":"bGFiOmE6Yg=="},"helper.example":{}}}"#;
    let lab = Some(("lab".to_owned(), "a:b".to_owned()));
    assert_eq!(find(file, "127.0.0.1:5000/acme/app").await.unwrap(), lab);
    assert_eq!(find(file, "old.example").await.unwrap(), lab);
    assert_eq!(find(file, "docker.io").await.unwrap(), Some(("hub".to_owned(), "secret".to_owned())));
    assert_eq!(find(file, "token.example").await.unwrap(), Some(("<token>".to_owned(), "t".to_owned())));
    for none in ["helper.example", "127.0.0.1:5001", "docker.example"] {
        assert_eq!(find(file, none).await.unwrap(), None, "{none}");
    }
    for empty in ["{}", "", "\n"] {
        assert_eq!(find(empty, "a.example").await.unwrap(), None);
    }
}

#[tokio::test]
async fn of_podmans_entries_the_longest_wins() {
    let file = r#"{"auths":{"q.example":{"auth":"YTph"},"q.example/acme":{"auth":"Yjpi"},"q.example/acme/app":{"auth":"Yzpj"}}}"#;
    for (name, user) in
        [("q.example/other", "a"), ("q.example/acme/api", "b"), ("q.example/acme/app", "c"), ("q.example/acme2/x", "a")]
    {
        assert_eq!(find(file, name).await.unwrap().unwrap().0, user, "{name}");
    }
}

#[tokio::test]
async fn our_own_file_wins_and_podmans_comes_last() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    // a:a, b:b, c:c
    for (name, auth) in [("own.json", "YTph"), ("config.json", "Yjpi"), ("podman.json", "Yzpj")] {
        std::fs::write(path(name), format!("{{\"auths\":{{\"r.example\":{{\"auth\":\"{auth}\"}}}}}}")).unwrap();
    }
    let (docker, podman) = (folder.path().display().to_string(), path("podman.json").display().to_string());
    let access = Access::new(move |name| match name {
        "DOCKER_CONFIG" => Some(docker.clone()),
        "REGISTRY_AUTH_FILE" => Some(podman.clone()),
        _ => None,
    })
    .with_logins(path("own.json"));
    for (user, file) in [("a", "own.json"), ("b", "config.json"), ("c", "podman.json")] {
        let (found, _) = Login::find("r.example", "x", &access).await.unwrap();
        assert_eq!(found.unwrap().parts().0, user);
        std::fs::remove_file(path(file)).unwrap();
    }
}

#[tokio::test]
async fn a_broken_file_is_told_without_its_content() {
    for file in
        ["secret", r#"{"auths":{"a.example":{"auth":"secret!"}}}"#, r#"{"auths":{"a.example":{"auth":"c2VjcmV0"}}}"#]
    {
        let error = find(file, "a.example").await.unwrap_err();
        assert_eq!(error.code(), "registry-denied");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}

#[tokio::test]
async fn a_helper_with_a_paths_name_is_not_started_and_the_others_are_asked() {
    let file = r#"{"credsStore":"../x","auths":{"a.example":{"auth":"bGFiOmE6Yg=="}}}"#;
    assert_eq!(find(file, "a.example").await.unwrap(), Some(("lab".to_owned(), "a:b".to_owned())));
    assert_eq!(find(file, "b.example").await.unwrap(), None);
}
