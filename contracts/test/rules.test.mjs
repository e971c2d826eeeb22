// Version and currency rules under random histories, against a model that keeps every release as a set of digests and
// derives from those sets what the contract keeps in two words.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import fc from "fast-check";
import { ALL, FOREVER, World, ZERO_ADDRESS, digest, refHash, release, sha256 } from "./harness.mjs";

const REFERENCES = ["docker.io/acme/app:1.0", "docker.io/acme/app:latest"];
const NAMES = ["a", "b", "c", "d"];
let world, publisher, delegate, heir;

before(async () => {
  world = await World.start();
  [publisher, delegate, heir] = await world.actors(3);
});
after(() => world?.stop());

/** What the rules say about one publisher. */
class Model {
  /** Per reference: releases as maps of digest name to {at, kind}, the times they began, and what ended. */
  references = new Map(
    REFERENCES.map((imageRef) => [imageRef, { releases: [], began: [], revoked: new Map(), retired: 0n, heir: null }]),
  );
  retired = 0n;
  heir = null;

  /** The error that the rules demand for a publication, or null. */
  refusal({ imageRef, names, amends }) {
    const state = this.references.get(imageRef);
    if (this.retired) return ["PublisherRetired", [publisher.address]];
    if (this.heir) return ["AlreadySucceeded", [publisher.address, ALL, this.heir]];
    if (state.retired) return ["ReferenceRetired", [publisher.address, refHash(imageRef)]];
    if (state.heir) return ["AlreadySucceeded", [publisher.address, refHash(imageRef), state.heir]];
    const head = state.releases.length;
    if (amends !== 0 && amends !== head) return ["NotHeadVersion", [amends, head]];
    const held = new Set(amends === 0 ? [] : state.releases[head - 1].keys());
    for (const name of names) {
      if (state.revoked.has(name)) return ["DigestRevoked", [refHash(imageRef), sha256(name)]];
      if (held.has(name)) return ["DuplicateDigest", [refHash(imageRef), sha256(name)]];
      held.add(name);
    }
    return null;
  }

  published({ imageRef, names, amends, kind }, at) {
    const { releases, began } = this.references.get(imageRef);
    if (amends === 0) {
      releases.push(new Map());
      began.push(at);
    }
    for (const name of names) releases.at(-1).set(name, { at, kind });
    return releases.length;
  }

  /** The digests that a revocation newly revokes, in order. */
  revoked({ imageRef, names }, at) {
    const { revoked } = this.references.get(imageRef);
    const fresh = [...new Set(names)].filter((name) => !revoked.has(name));
    for (const name of fresh) revoked.set(name, at);
    return fresh;
  }

  status(imageRef, name) {
    const { releases, began, revoked, retired, heir } = this.references.get(imageRef);
    const newest = releases.findLastIndex((held) => held.has(name));
    const held = releases[newest]?.get(name);
    return {
      headVersion: releases.length,
      headPublishedAt: began.at(-1) ?? 0n,
      retiredAt: retired,
      publisherRetiredAt: this.retired,
      version: newest + 1,
      publishedAt: held?.at ?? 0n,
      revokedAt: revoked.get(name) ?? 0n,
      kind: held?.kind ?? 0,
      successor: heir ?? this.heir ?? ZERO_ADDRESS,
    };
  }

  /** The word for a digest, from the histories alone. */
  currency(imageRef, name) {
    const { releases, revoked, retired } = this.references.get(imageRef);
    if (this.retired || retired || revoked.has(name)) return "revoked";
    if (releases.at(-1)?.has(name)) return "current";
    return releases.some((held) => held.has(name)) ? "outdated" : "never released";
  }
}

/** The same word, as a verifier derives it from the contract's answer. */
function currency({ headVersion, retiredAt, publisherRetiredAt, version, revokedAt }) {
  if (publisherRetiredAt || retiredAt || revokedAt) return "revoked";
  if (version === 0) return "never released";
  return version === headVersion ? "current" : "outdated";
}

const imageRef = fc.constantFrom(...REFERENCES);
const names = fc.array(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 3 });
const scope = fc.constantFrom(ALL, ...REFERENCES.map(refHash));
const step = fc.oneof(
  {
    weight: 24,
    arbitrary: fc.record({
      what: fc.constant("publish"),
      via: fc.constantFrom("publish", "publishMany", "publishFor"),
      imageRef,
      names,
      kind: fc.nat(255),
      amends: fc.oneof(fc.constant(0), fc.constant("head"), fc.nat(4)),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      what: fc.constant("revoke"),
      via: fc.constantFrom("revoke", "revokeFor"),
      imageRef,
      names,
    }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("retire"), scope }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("handOver"), scope }) },
);

const steps = {
  async publish(registry, model, { via, ...publication }) {
    const head = model.references.get(publication.imageRef).releases.length;
    if (publication.amends === "head") publication.amends = head;
    const digests = publication.names.map((name) => digest(name, publication.kind));
    const one = release(publication.imageRef, digests, { amends: publication.amends });
    const args = { publish: [one], publishMany: [[one]], publishFor: [publisher.address, [one]] }[via];
    const by = via === "publishFor" ? delegate : publisher;
    const refusal = model.refusal(publication);
    if (refusal) return registry.refuses(by, via, args, ...refusal);
    const { events, at } = await registry.send(by, via, args);
    const version = model.published(publication, at);
    assert.deepEqual([events.length, events[0].version, events[0].by], [1, version, by.address]);
    assert.deepEqual(events[0].digests, digests);
  },

  async revoke(registry, model, { via, imageRef, names }) {
    const args = [imageRef, names.map(sha256), "reason"];
    const by = via === "revokeFor" ? delegate : publisher;
    const { events, at } = await registry.send(by, via, via === "revokeFor" ? [publisher.address, ...args] : args);
    const fresh = model.revoked({ imageRef, names }, at);
    assert.deepEqual(events.map((event) => event.digest), fresh.map(sha256));
  },

  async retire(registry, model, { scope }) {
    const state = scopeOf(model, scope);
    if (state.retired) {
      const refusal = scope === ALL ? ["PublisherRetired", [publisher.address]] : ["ReferenceRetired", [publisher.address, scope]];
      return registry.refuses(publisher, "retire", [scope, ""], ...refusal);
    }
    state.retired = (await registry.send(publisher, "retire", [scope, ""])).at;
  },

  async handOver(registry, model, { scope }) {
    const state = scopeOf(model, scope);
    if (model.retired || model.heir || state.retired || state.heir) {
      return assert.rejects(registry.simulate(publisher, "offerSuccession", [scope, heir.address]));
    }
    await registry.send(publisher, "offerSuccession", [scope, heir.address]);
    await registry.send(heir, "acceptSuccession", [publisher.address, scope]);
    state.heir = heir.address;
  },
};

function scopeOf(model, scope) {
  return scope === ALL ? model : model.references.get(REFERENCES.find((imageRef) => refHash(imageRef) === scope));
}

async function agree(registry, model) {
  const digests = REFERENCES.flatMap((imageRef) => NAMES.map((name) => [imageRef, name]));
  const queries = digests.map(([imageRef, name]) => ({
    publisher: publisher.address,
    refHash: refHash(imageRef),
    digest: sha256(name),
  }));
  const answers = await registry.read("statusMany", [queries]);
  assert.deepEqual(answers, digests.map(([imageRef, name]) => model.status(imageRef, name)));
  assert.deepEqual(answers.map(currency), digests.map(([imageRef, name]) => model.currency(imageRef, name)));
}

test("any history leaves the contract as the rules say", async () => {
  const history = fc.array(step, { minLength: 5, maxLength: 30 });
  const property = fc.asyncProperty(history, async (steps_) => {
    const registry = await world.registry(publisher);
    await registry.send(publisher, "setDelegate", [delegate.address, ALL, FOREVER]);
    const model = new Model();
    for (const step of steps_) {
      await steps[step.what](registry, model, step);
      await agree(registry, model);
    }
  });
  await fc.assert(property, { numRuns: world.node.isAnvil ? 40 : 10, endOnFailure: false });
});
