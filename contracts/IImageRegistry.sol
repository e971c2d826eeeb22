// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title What the image registry answers, announces and refuses
/// @notice A reference is a normalised image name in UTF-8 (`docker.io/library/nginx:latest`); the contract knows it by
/// `refHash = keccak256(reference)` and does not judge its spelling. In `retire`, `setDelegate` and the succession
/// functions hash 0 stands for everything of a publisher; no reference hashes to it. Times are block times in seconds.
///
/// A digest of (publisher, refHash) is
///   - revoked when it has `revokedAt`, or the reference `retiredAt`, or the publisher `publisherRetiredAt`;
///   - else current when its version is the head's, and outdated when it is lower;
///   - else, with version 0, never released.
interface IImageRegistry {
    /// @param value The digest: 32 bytes of SHA-256, never zero.
    /// @param kind  1 image configuration, 2 manifest, 3 index, 4 ChainID (the layers alone); others are free.
    struct Digest {
        bytes32 value;
        uint8 kind;
    }

    /// @param imageRef    The normalised reference, 1 to 512 bytes.
    /// @param digests     1 to 64 different digests that belong to the release: one per platform, manifests' too.
    /// @param amends      0 begins a new version; n adds the digests to version n, which must be the head's.
    /// @param annotations JSON or empty, at most 4096 bytes; kept in the event only.
    struct Release {
        string imageRef;
        Digest[] digests;
        uint32 amends;
        string annotations;
    }

    struct Query {
        address publisher;
        bytes32 refHash;
        bytes32 digest;
    }

    /// @notice All that a verdict needs about one digest. What is 0 did not happen.
    /// @param headVersion        The reference's newest version.
    /// @param headPublishedAt    When that version began.
    /// @param retiredAt          When the reference was retired.
    /// @param publisherRetiredAt When the publisher was retired as a whole.
    /// @param version            The newest version that holds the digest.
    /// @param publishedAt        When the digest was put into that version.
    /// @param revokedAt          When the digest was revoked.
    /// @param kind               The digest's kind as last published.
    /// @param successor          Who took over the reference, else everything of the publisher, else zero. Where there
    ///                           is a retirement too, the key may have been stolen before it named a successor.
    struct Status {
        uint32 headVersion;
        uint64 headPublishedAt;
        uint64 retiredAt;
        uint64 publisherRetiredAt;
        uint32 version;
        uint64 publishedAt;
        uint64 revokedAt;
        uint8 kind;
        address successor;
    }

    /// @param by Whose word it was: the publisher, who sent or signed it, or a delegate. A relayer is not named.
    event Published(
        address indexed publisher,
        bytes32 indexed refHash,
        bytes32 indexed firstDigest,
        uint32 version,
        string imageRef,
        Digest[] digests,
        string annotations,
        address by
    );
    /// @notice Once for each digest of a reference, with the reason that was given first.
    event Revoked(
        address indexed publisher, bytes32 indexed refHash, bytes32 indexed digest, string reason, address by
    );
    event Retired(address indexed publisher, bytes32 indexed refHash, string reason, address by);
    event DelegateSet(
        address indexed publisher, address indexed delegate, bytes32 indexed refHash, uint64 expiry
    );
    event SuccessionOffered(address indexed publisher, bytes32 indexed refHash, address indexed successor);
    event SuccessionAccepted(address indexed publisher, bytes32 indexed refHash, address indexed successor);

    error ReferenceLength(uint256 length);
    error DigestCount(uint256 count);
    error AnnotationsLength(uint256 length);
    error ReasonLength(uint256 length);
    error NoReleases();
    error ZeroDigest(bytes32 refHash);
    /// @notice The digest stands twice in the release, or is in the amended version already.
    error DuplicateDigest(bytes32 refHash, bytes32 digest);
    error DigestRevoked(bytes32 refHash, bytes32 digest);
    error NotHeadVersion(uint32 amends, uint32 head);
    error VersionOverflow(bytes32 refHash);
    error ReferenceRetired(address publisher, bytes32 refHash);
    error PublisherRetired(address publisher);
    error NotDelegate(address publisher, bytes32 refHash, address delegate);
    error DelegateExpired(address publisher, bytes32 refHash, address delegate, uint64 expiry);
    error InvalidDelegate(address delegate);
    error ExpiryPassed(uint64 expiry);
    error SignatureExpired(uint256 deadline);
    error BadNonce(uint256 given, uint256 expected);
    error BadSignature(address publisher);
    error InvalidSuccessor(address successor);
    error SuccessionNotOffered(address publisher, bytes32 refHash, address successor);
    /// @notice What was to be published or handed over belongs to a successor; hash 0: everything does.
    error AlreadySucceeded(address publisher, bytes32 refHash, address successor);

    /// @notice Publishes one release as oneself.
    function publish(Release calldata release) external;

    /// @notice Publishes several releases as oneself: all of them or, when one is refused, none.
    function publishMany(Release[] calldata releases) external;

    /// @notice Publishes as a delegate of `publisher`, appointed for each of the references or for all.
    function publishFor(address publisher, Release[] calldata releases) external;

    /// @notice Publishes what `publisher` signed (EIP-712 type `Publish`); sent and paid for by anyone.
    /// @param nonce     `nonce(publisher)`: each is good for one call of the two `BySig` functions.
    /// @param deadline  The last block time at which the signature is good.
    /// @param signature ECDSA of the publisher's key or, when the publisher has code, what its ERC-1271 accepts.
    function publishBySig(
        address publisher,
        Release[] calldata releases,
        uint256 nonce,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice Withdraws 1 to 64 digests of a reference for good: none of them can be published under it again by this
    /// publisher. They need not have been published. One that is revoked already keeps its time and first reason and
    /// makes no event: were it refused, whoever revokes one of several first would stop the others' revocation.
    /// A publisher that retired or handed over may still revoke: taking a word back is always allowed.
    /// @param reason At most 1024 bytes.
    function revoke(string calldata imageRef, bytes32[] calldata digests, string calldata reason) external;

    /// @notice Revokes as a delegate of `publisher`.
    function revokeFor(
        address publisher,
        string calldata imageRef,
        bytes32[] calldata digests,
        string calldata reason
    ) external;

    /// @notice Revokes what `publisher` signed (EIP-712 type `Revoke`); see `publishBySig`.
    function revokeBySig(
        address publisher,
        string calldata imageRef,
        bytes32[] calldata digests,
        string calldata reason,
        uint256 nonce,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice Declares that nothing of the caller under a reference, or with hash 0 nothing of the caller at all, is
    /// to be trusted, past and future: the switch for a lost key. Final, and never a delegate's to turn.
    /// @param reason At most 1024 bytes.
    function retire(bytes32 refHash, string calldata reason) external;

    /// @notice Appoints a delegate for a reference, or with hash 0 for all: it may publish and revoke, and neither
    /// retire, appoint nor hand over. A delegate's two appointments, for the reference and for all, are separate:
    /// either suffices, and each is taken back by itself.
    /// @param expiry The last block time at which the delegate may act; 0 takes the appointment back.
    function setDelegate(address delegate, bytes32 refHash, uint64 expiry) external;

    /// @notice Offers a reference, or with hash 0 everything, to a successor. A new offer replaces the last one, and
    /// zero withdraws it. What is retired or handed over cannot be offered: a lost key's retirement ends its word.
    function offerSuccession(bytes32 refHash, address successor) external;

    /// @notice Accepts what `publisher` offered to the caller. Final: from now on the publisher cannot publish there.
    /// What it has published stays as it is. Verifiers that follow successors must bound the walk: circles are not
    /// looked for.
    function acceptSuccession(address publisher, bytes32 refHash) external;

    /// @notice All that a verdict needs about one digest.
    function status(address publisher, bytes32 refHash, bytes32 digest) external view returns (Status memory);

    /// @notice `status` of each query, in order. Plan at most 1000 per call: nodes bound the gas of a call.
    function statusMany(Query[] calldata queries) external view returns (Status[] memory);

    /// @notice The newest version of a reference, when it began, and when the reference was retired. Under hash 0 the
    /// last is when the publisher was retired, and the others are 0.
    function head(address publisher, bytes32 refHash)
        external
        view
        returns (uint32 version, uint64 publishedAt, uint64 retiredAt);

    /// @notice The newest version that holds a digest, when it was put there, when it was revoked, and its kind.
    function entry(address publisher, bytes32 refHash, bytes32 digest)
        external
        view
        returns (uint32 version, uint64 publishedAt, uint64 revokedAt, uint8 kind);

    /// @notice The nonce that the publisher's next signature must carry.
    function nonce(address publisher) external view returns (uint256);

    /// @notice Whether `delegate` may now act for `publisher` under a reference, by either appointment.
    function isDelegate(address publisher, bytes32 refHash, address delegate) external view returns (bool);

    /// @notice Who took over the reference, else everything of the publisher, else zero.
    function successor(address publisher, bytes32 refHash) external view returns (address);
}
