//! `kill -9` at the two moments that matter: after the journal and before the broadcast, and after the broadcast and
//! before the receipt. The next start finishes or reports it, and the chain holds exactly one publication.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use std::{sync::mpsc, time::Duration};

use support::{
    Built, Home, build, fund, node,
    proxy::{Deed, Proxy, calls},
    terminal::Terminal,
    unique, wait_for, without,
};

/// How the screen tells a publication's end.
const PUBLISHED: &str = "is published in block";

/// What becomes of the first broadcast.
#[derive(Clone, Copy, PartialEq)]
enum Hold {
    /// It never reaches the node.
    Before,
    /// It reaches the node, and the answer never comes back.
    After,
}

/// A home whose program was killed while it published, and a proxy that lets everything through by now.
struct Killed {
    home: Home,
    reference: String,
    /// Who publishes.
    address: String,
    _image: Built,
    _proxy: Proxy,
}

impl Killed {
    fn while_publishing(hold: Hold) -> Self {
        let proxy = Proxy::before(&node("geth"));
        let home = Home::new().with_docker().on("geth", &proxy.url);
        let address = home.funded_account();
        home.run(&["contract", "deploy", "--yes"]);
        let reference = format!("acme/{}:1", unique("killed"));
        let image = build(&reference, &unique("content"));

        let (tell, held) = mpsc::channel();
        proxy.set(move |request| {
            if !calls(request, "eth_sendRawTransaction") {
                return Deed::Pass;
            }
            // Whoever listens is gone once the program was killed.
            let _ = tell.send(());
            if hold == Hold::Before { Deed::Hold } else { Deed::Swallow }
        });
        let mut publishing =
            home.command(&["publish", &reference, "--yes", "--json"]).spawn().expect("the program starts");
        held.recv_timeout(Duration::from_mins(1)).expect("a broadcast within a minute");
        publishing.kill().expect("kill -9");
        publishing.wait().expect("its end");
        proxy.set(|_| Deed::Pass);
        Self { home, reference, address, _image: image, _proxy: proxy }
    }

    fn expect_one_publication(&self) {
        let events = wait_for("the publication", || {
            let history = self.home.run(&["history", &self.reference, "--publisher", &self.address]);
            history.document["events"].as_array().filter(|events| !events.is_empty()).cloned()
        });
        assert_eq!(events.len(), 1, "exactly one publication: {events:?}");
    }
}

fn publishing_again_takes_up(hold: Hold) {
    if without("docker") || without("node") {
        return;
    }
    let killed = Killed::while_publishing(hold);
    // Publishing again first takes up what was left open, and then finds that nothing is left to publish.
    let again = killed.home.run(&["publish", &killed.reference, "--yes", "--confirmations", "1"]);
    assert!(again.success(), "{again:?}");
    assert_eq!(again.document["publications"][0]["stage"], "already-published", "{again:?}");
    killed.expect_one_publication();
}

#[test]
fn between_journal_and_broadcast() {
    publishing_again_takes_up(Hold::Before);
}

#[test]
fn between_broadcast_and_receipt() {
    publishing_again_takes_up(Hold::After);
}

#[test]
fn the_screen_takes_up_what_was_not_broadcast() {
    if without("docker") || without("node") {
        return;
    }
    let killed = Killed::while_publishing(Hold::Before);
    let reference = killed.reference.as_str();
    let mut screen = Terminal::start(24, 200, &killed.home.command(&[]));
    // Which stage is shown first depends on how many blocks others make meanwhile.
    let taken_up = |line: &str| line.contains(reference) && (line.contains("publishing") || line.contains(PUBLISHED));
    screen.wait_until("what became of the publication", |screen| screen.contents().lines().any(taken_up));
    // The node makes a block of each transaction, and none without; three confirmations are asked for.
    for _ in 0..2 {
        fund(&node("geth"), &killed.address);
    }
    screen.wait_for_line(&[reference, PUBLISHED]);
    screen.send("q");
    assert_eq!(screen.finish().1, 0);
    killed.expect_one_publication();
}
