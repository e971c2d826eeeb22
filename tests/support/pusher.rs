//! Statements of namespaces, put into a registry by hand.

use std::time::{SystemTime, UNIX_EPOCH};

use daochain::{
    chain::{SigningKey, usual_address},
    domain::{
        Address, Digest, Namespace, Timestamp,
        namespace::{PublisherStatement, SignedStatement},
        publication::Contract,
    },
    registry::{Access, Repository},
};
use serde_json::{Value, json};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// The type of the artifact, and of its layers.
pub const STATEMENT: &str = "application/vnd.daochain.publisher-statement.v1+json";

/// Now, in seconds.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// What the publisher would sign for `namespace` on the embedded network, good for an hour.
pub fn statement(publisher: Address, namespace: &str) -> PublisherStatement {
    PublisherStatement {
        chain_id: 1337,
        directory: usual_address(Contract::Directory),
        namespace: namespace.parse().unwrap(),
        publisher,
        issued_at: Timestamp(now() - 60),
        expires_at: Timestamp(now() + 3600),
    }
}

/// The statement with the key's signature.
pub fn signed(key: &SigningKey, statement: PublisherStatement) -> SignedStatement {
    let signature = key.sign_statement(&statement).unwrap();
    SignedStatement { statement, signature }
}

/// Whoever can push to a namespace, doing so by hand.
pub struct Pusher(tokio::runtime::Runtime);

impl Pusher {
    pub fn new() -> Self {
        Self(tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap())
    }

    async fn repository(namespace: &str) -> Repository {
        let namespace: Namespace = namespace.parse().unwrap();
        Repository::connect(namespace.artifact(), &Access::new(|_| None)).await.unwrap()
    }

    /// Puts these layers there, in the place of everything else.
    pub fn put(&self, namespace: &str, artifact_type: &str, layers: &[Vec<u8>]) {
        self.0.block_on(async {
            let repository = Self::repository(namespace).await;
            let descriptor = |media_type: &str, bytes: &[u8]| json!({"mediaType": media_type, "digest": Digest::of(bytes), "size": bytes.len()});
            for layer in layers.iter().map(Vec::as_slice).chain([b"{}".as_slice()]) {
                repository.push_blob(layer).await.unwrap();
            }
            let manifest = json!({
                "schemaVersion": 2,
                "mediaType": MANIFEST,
                "artifactType": artifact_type,
                "config": descriptor("application/vnd.oci.empty.v1+json", b"{}"),
                "layers": layers.iter().map(|layer| descriptor(STATEMENT, layer)).collect::<Vec<_>>(),
            });
            repository.push_manifest("latest", MANIFEST, manifest.to_string().as_bytes()).await.unwrap();
        });
    }

    pub fn put_statements(&self, namespace: &str, statements: &[SignedStatement]) {
        let layers: Vec<Vec<u8>> = statements.iter().map(|one| one.to_json().unwrap().into_bytes()).collect();
        self.put(namespace, STATEMENT, &layers);
    }

    /// The documents that stand there.
    pub fn read(&self, namespace: &str) -> Vec<Vec<u8>> {
        self.0.block_on(async {
            let repository = Self::repository(namespace).await;
            let manifest = repository.resolve("latest").await.unwrap().unwrap();
            let manifest: Value = serde_json::from_slice(&manifest.bytes).unwrap();
            let mut documents = Vec::new();
            for layer in manifest["layers"].as_array().unwrap() {
                let digest: Digest = layer["digest"].as_str().unwrap().parse().unwrap();
                documents.push(repository.small_blob(digest, 10_000).await.unwrap().unwrap());
            }
            documents
        })
    }
}
