// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

/// @title Where publishers say which container images are theirs
/// @notice Anyone publishes under their own address which digests belong to which image reference, and takes it back.
/// Whoever holds an image measures it and asks `status`. There is no owner, no administrator, no upgrade and no ether:
/// what stands here was said by the publisher's key, or by a key which that key appointed.
///
/// A reference is a normalised image name in UTF-8 (`docker.io/library/nginx:latest`); the contract knows it by
/// `refHash = keccak256(reference)` and does not judge its spelling. In `retire`, `setDelegate` and the succession
/// functions hash 0 stands for everything of a publisher; no reference hashes to it.
///
/// A digest of (publisher, refHash) is
///   - revoked when its entry has `revokedAt`, or the reference or the publisher has `retiredAt`;
///   - else current when its entry's version is the head's version;
///   - else outdated when its entry's version is lower, and never released when it is 0.
///
/// ## Storage
/// Storage proofs (`eth_getProof`) rest on this layout. Values are packed from the least significant bit.
///
/// | slot | mapping                                               | value                                                       |
/// |------|-------------------------------------------------------|-------------------------------------------------------------|
/// | 0    | publisher => refHash => head                          | version 32, publishedAt 64, retiredAt 64, succeededAt 64    |
/// | 1    | publisher => refHash => digest => entry               | version 32, publishedAt 64, revokedAt 64, kind 8            |
/// | 2    | publisher => refHash or 0 => delegate => expiry       | 64 (in the lowest bits)                                     |
/// | 3    | publisher => refHash or 0 => offered successor        | 160                                                         |
/// | 4    | publisher => refHash or 0 => accepted successor       | 160                                                         |
/// | 5    | publisher => next nonce                               | 256                                                         |
///
/// So head(p, r) lies at `keccak256(r . keccak256(p . 0))` and entry(p, r, d) at
/// `keccak256(d . keccak256(r . keccak256(p . 1)))`, every operand left-padded to 32 bytes. The head under hash 0 holds
/// what is true of the publisher as a whole: `retiredAt` and `succeededAt`, never a version.
/// All times are `block.timestamp` in seconds, which 64 bits hold for longer than there will be blocks; 0 means never.
contract ImageRegistry is IERC5267 {
    /// @param value The digest: 32 bytes of SHA-256, never zero.
    /// @param kind  1 image configuration, 2 manifest, 3 index, 4 ChainID (the layers alone); others are free.
    struct Digest {
        bytes32 value;
        uint8 kind;
    }

    /// @param imageRef    The normalised reference, 1 to 512 bytes.
    /// @param digests     1 to 64 digests that belong to the release: one per platform, manifest digests too.
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

    /// @notice All that a verdict needs about one digest, in one answer. A field that is 0 did not happen.
    /// @param headVersion        The reference's newest version.
    /// @param headPublishedAt    When that version began.
    /// @param retiredAt          When the reference was retired.
    /// @param publisherRetiredAt When the publisher was retired as a whole.
    /// @param version            The newest version that holds the digest.
    /// @param publishedAt        When the digest was put into that version.
    /// @param revokedAt          When the digest was revoked.
    /// @param kind               The digest's kind as last published.
    /// @param successor          Who took over the reference, else everything of the publisher, else zero.
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

    /// @param by Whose word it was: the publisher (who sent or signed it) or the delegate. A relayer is not named.
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

    /// @notice Once per digest of a reference, with the reason that was given first.
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
    /// @notice The digest stands twice in the release, or in the amended version already.
    error DuplicateDigest(bytes32 refHash, bytes32 digest);
    error DigestRevoked(bytes32 refHash, bytes32 digest);
    error ReferenceRetired(address publisher, bytes32 refHash);
    error PublisherRetired(address publisher);
    error ReferenceSucceeded(address publisher, bytes32 refHash, address successor);
    error PublisherSucceeded(address publisher, address successor);
    error NotHeadVersion(uint32 amends, uint32 head);
    error VersionOverflow(bytes32 refHash);
    error NotDelegate(address publisher, bytes32 refHash, address delegate);
    error DelegateExpired(address publisher, bytes32 refHash, address delegate, uint64 expiry);
    error InvalidDelegate(address delegate);
    error ExpiryPassed(uint64 expiry);
    error SignatureExpired(uint256 deadline);
    error BadNonce(uint256 given, uint256 expected);
    error BadSignature(address publisher);
    error InvalidSuccessor(address successor);
    error SuccessionNotOffered(address publisher, bytes32 refHash, address successor);

    uint256 private constant MAX_REFERENCE = 512;
    uint256 private constant MAX_DIGESTS = 64;
    uint256 private constant MAX_ANNOTATIONS = 4096;
    uint256 private constant MAX_REASON = 1024;

    /// What `refHash` stands for where it names no reference but all of a publisher.
    bytes32 private constant ALL = 0;

    // Positions in the packed words; the version lies at 0 in both.
    uint256 private constant PUBLISHED_AT = 32;
    uint256 private constant ENDED_AT = 96; // retiredAt of a head, revokedAt of an entry
    uint256 private constant SUCCEEDED_AT = 160;
    uint256 private constant KIND = 160;

    string private constant NAME = "DaoChain ImageRegistry";
    string private constant VERSION = "1";
    bytes1 private constant DOMAIN_FIELDS = 0x0f; // name, version, chainId, verifyingContract

    bytes32 private constant DIGEST_TYPE = keccak256("Digest(bytes32 value,uint8 kind)");
    bytes32 private constant RELEASE_TYPE = keccak256(
        "Release(string imageRef,Digest[] digests,uint32 amends,string annotations)Digest(bytes32 value,uint8 kind)"
    );
    bytes32 private constant PUBLISH_TYPE = keccak256(
        "Publish(address publisher,Release[] releases,uint256 nonce,uint256 deadline)Digest(bytes32 value,uint8 kind)Release(string imageRef,Digest[] digests,uint32 amends,string annotations)"
    );
    bytes32 private constant REVOKE_TYPE = keccak256(
        "Revoke(address publisher,string imageRef,bytes32[] digests,string reason,uint256 nonce,uint256 deadline)"
    );

    mapping(address publisher => mapping(bytes32 refHash => uint256 head)) private _heads;
    mapping(address publisher => mapping(bytes32 refHash => mapping(bytes32 digest => uint256 entry))) private _entries;
    mapping(address publisher => mapping(bytes32 refHash => mapping(address delegate => uint64 expiry))) private
        _expiries;
    mapping(address publisher => mapping(bytes32 refHash => address successor)) private _offers;
    mapping(address publisher => mapping(bytes32 refHash => address successor)) private _successors;
    mapping(address publisher => uint256) private _nonces;

    // ---------------------------------------------------------------------------------------------------- publishing

    /// @notice Publishes one release as oneself.
    function publish(Release calldata release) external {
        _requireStanding(msg.sender);
        _publish(msg.sender, msg.sender, release);
    }

    /// @notice Publishes several releases as oneself: all of them or, when one is refused, none.
    function publishMany(Release[] calldata releases) external {
        _publishAll(msg.sender, msg.sender, releases);
    }

    /// @notice Publishes as a delegate of `publisher`, appointed for every reference among `releases` or for all.
    function publishFor(address publisher, Release[] calldata releases) external {
        _publishAll(publisher, msg.sender, releases);
    }

    /// @notice Publishes what `publisher` signed (EIP-712 type `Publish`); sent and paid for by anyone.
    /// @param nonce     `nonce(publisher)` at the time; each is good for one call of the `BySig` functions.
    /// @param deadline  The last block time at which the signature is good.
    /// @param signature ECDSA of the publisher's key or, where the publisher has code, what its ERC-1271 accepts.
    function publishBySig(
        address publisher,
        Release[] calldata releases,
        uint256 nonce,
        uint256 deadline,
        bytes calldata signature
    ) external {
        bytes32 message =
            keccak256(abi.encode(PUBLISH_TYPE, publisher, _hashReleases(releases), nonce, deadline));
        _useSignature(publisher, message, nonce, deadline, signature);
        _publishAll(publisher, publisher, releases);
    }

    // ------------------------------------------------------------------------------------------------------ revoking

    /// @notice Withdraws digests of a reference for good: none of them can be published under it again, by this
    /// publisher. They need not have been published. One that is revoked already keeps its time and first reason,
    /// so that nobody can make a revocation of several fail by revoking one of them before.
    /// @dev Open to a publisher who retired or handed over: taking a word back is always allowed.
    function revoke(string calldata imageRef, bytes32[] calldata digests, string calldata reason) external {
        _revoke(msg.sender, msg.sender, imageRef, digests, reason);
    }

    /// @notice Revokes as a delegate of `publisher`.
    function revokeFor(
        address publisher,
        string calldata imageRef,
        bytes32[] calldata digests,
        string calldata reason
    ) external {
        _revoke(publisher, msg.sender, imageRef, digests, reason);
    }

    /// @notice Revokes what `publisher` signed (EIP-712 type `Revoke`); see `publishBySig`.
    function revokeBySig(
        address publisher,
        string calldata imageRef,
        bytes32[] calldata digests,
        string calldata reason,
        uint256 nonce,
        uint256 deadline,
        bytes calldata signature
    ) external {
        bytes32 message = keccak256(
            abi.encode(
                REVOKE_TYPE,
                publisher,
                keccak256(bytes(imageRef)),
                keccak256(abi.encodePacked(digests)),
                keccak256(bytes(reason)),
                nonce,
                deadline
            )
        );
        _useSignature(publisher, message, nonce, deadline, signature);
        _revoke(publisher, publisher, imageRef, digests, reason);
    }

    /// @notice Declares that nothing of the caller under a reference, or with hash 0 nothing of the caller at all, is
    /// to be trusted, past and future: the switch for a lost key. Final, and never a delegate's to turn.
    function retire(bytes32 refHash, string calldata reason) external {
        if (bytes(reason).length > MAX_REASON) revert ReasonLength(bytes(reason).length);
        uint256 head_ = _heads[msg.sender][refHash];
        if (uint64(head_ >> ENDED_AT) != 0) _revertRetired(msg.sender, refHash);
        _heads[msg.sender][refHash] = head_ | (block.timestamp << ENDED_AT);
        emit Retired(msg.sender, refHash, reason, msg.sender);
    }

    // ----------------------------------------------------------------------------------- delegates and successors

    /// @notice Appoints a delegate for a reference, or with hash 0 for all: it may publish and revoke, and neither
    /// retire, appoint nor hand over.
    /// @param expiry The last block time at which the delegate may act; 0 takes the appointment back. The two
    /// appointments of one delegate, for a reference and for all, are separate: each is taken back by itself.
    function setDelegate(address delegate, bytes32 refHash, uint64 expiry) external {
        if (delegate == address(0) || delegate == msg.sender) revert InvalidDelegate(delegate);
        if (expiry != 0 && expiry < block.timestamp) revert ExpiryPassed(expiry);
        _expiries[msg.sender][refHash][delegate] = expiry;
        emit DelegateSet(msg.sender, delegate, refHash, expiry);
    }

    /// @notice Offers a reference, or with hash 0 everything, to a successor. A new offer replaces the last one;
    /// zero withdraws it. Not for what is retired or handed over: a stolen key must not outlive its retirement.
    function offerSuccession(bytes32 refHash, address successor) external {
        if (successor == msg.sender) revert InvalidSuccessor(successor);
        _requireStanding(msg.sender);
        _requireStandingReference(msg.sender, refHash, _heads[msg.sender][refHash]);
        _offers[msg.sender][refHash] = successor;
        emit SuccessionOffered(msg.sender, refHash, successor);
    }

    /// @notice Accepts what `publisher` offered to the caller. Final: from now on the publisher cannot publish there.
    /// What it has published stays as it is, and it may still revoke and retire. Verifiers that follow successors
    /// must bound the walk: the contract does not look for circles.
    function acceptSuccession(address publisher, bytes32 refHash) external {
        if (_offers[publisher][refHash] != msg.sender) revert SuccessionNotOffered(publisher, refHash, msg.sender);
        _requireStanding(publisher);
        uint256 head_ = _heads[publisher][refHash];
        _requireStandingReference(publisher, refHash, head_);
        delete _offers[publisher][refHash];
        _successors[publisher][refHash] = msg.sender;
        _heads[publisher][refHash] = head_ | (block.timestamp << SUCCEEDED_AT);
        emit SuccessionAccepted(publisher, refHash, msg.sender);
    }

    // ------------------------------------------------------------------------------------------------------- reading

    /// @notice All that a verdict needs about one digest.
    function status(address publisher, bytes32 refHash, bytes32 digest) external view returns (Status memory) {
        return _status(publisher, refHash, digest);
    }

    /// @notice `status` of each query, in order. Plan at most 1000 per call: nodes bound the gas of a call.
    function statusMany(Query[] calldata queries) external view returns (Status[] memory answers) {
        answers = new Status[](queries.length);
        for (uint256 i = 0; i < queries.length; ++i) {
            Query calldata query = queries[i];
            answers[i] = _status(query.publisher, query.refHash, query.digest);
        }
    }

    /// @notice The newest version of a reference, when it began, and when the reference was retired. Under hash 0
    /// the last is when the publisher was retired, and the others are 0.
    function head(address publisher, bytes32 refHash)
        external
        view
        returns (uint32 version, uint64 publishedAt, uint64 retiredAt)
    {
        uint256 word = _heads[publisher][refHash];
        return (uint32(word), uint64(word >> PUBLISHED_AT), uint64(word >> ENDED_AT));
    }

    /// @notice The newest version that holds a digest, when it was put there, and when it was revoked.
    function entry(address publisher, bytes32 refHash, bytes32 digest)
        external
        view
        returns (uint32 version, uint64 publishedAt, uint64 revokedAt, uint8 kind)
    {
        uint256 word = _entries[publisher][refHash][digest];
        return (uint32(word), uint64(word >> PUBLISHED_AT), uint64(word >> ENDED_AT), uint8(word >> KIND));
    }

    /// @notice The nonce that the publisher's next signature must carry.
    function nonce(address publisher) external view returns (uint256) {
        return _nonces[publisher];
    }

    /// @notice Whether `delegate` may now act for `publisher` under a reference, by either appointment.
    function isDelegate(address publisher, bytes32 refHash, address delegate) external view returns (bool) {
        return _expiry(publisher, refHash, delegate) >= block.timestamp;
    }

    /// @notice Who took over the reference, else everything of the publisher, else zero.
    function successor(address publisher, bytes32 refHash) external view returns (address) {
        return _successor(publisher, refHash);
    }

    /// @inheritdoc IERC5267
    function eip712Domain()
        external
        view
        returns (
            bytes1 fields,
            string memory name,
            string memory version,
            uint256 chainId,
            address verifyingContract,
            bytes32 salt,
            uint256[] memory extensions
        )
    {
        return (DOMAIN_FIELDS, NAME, VERSION, block.chainid, address(this), 0, new uint256[](0));
    }

    // --------------------------------------------------------------------------------------------------------- rules

    function _publishAll(address publisher, address by, Release[] calldata releases) private {
        if (releases.length == 0) revert NoReleases();
        _requireStanding(publisher);
        for (uint256 i = 0; i < releases.length; ++i) {
            _publish(publisher, by, releases[i]);
        }
    }

    /// @dev A digest of an older version moves to the new one, with time and kind: it is current again. Versions only
    /// grow, so an entry that carries the version being written was written by this very release or, when amending,
    /// by an earlier one; both are refused as duplicates. An amendment leaves the head untouched.
    function _publish(address publisher, address by, Release calldata release) private {
        string calldata imageRef = release.imageRef;
        Digest[] calldata digests = release.digests;
        string calldata annotations = release.annotations;
        if (digests.length == 0 || digests.length > MAX_DIGESTS) revert DigestCount(digests.length);
        if (bytes(annotations).length > MAX_ANNOTATIONS) revert AnnotationsLength(bytes(annotations).length);
        bytes32 refHash = _refHash(imageRef);
        if (by != publisher) _requireDelegate(publisher, refHash, by);

        uint32 version = _advance(publisher, refHash, release.amends);
        mapping(bytes32 => uint256) storage entries = _entries[publisher][refHash];
        uint256 fresh = version | (block.timestamp << PUBLISHED_AT);
        for (uint256 i = 0; i < digests.length; ++i) {
            bytes32 value = digests[i].value;
            uint256 known = entries[value];
            if (value == 0) revert ZeroDigest(refHash);
            if (uint64(known >> ENDED_AT) != 0) revert DigestRevoked(refHash, value);
            if (uint32(known) == version) revert DuplicateDigest(refHash, value);
            entries[value] = fresh | (uint256(digests[i].kind) << KIND);
        }
        emit Published(publisher, refHash, digests[0].value, version, imageRef, digests, annotations, by);
    }

    /// @return version The version that the release belongs to: the next, or the head's when it amends that.
    function _advance(address publisher, bytes32 refHash, uint32 amends) private returns (uint32 version) {
        uint256 head_ = _heads[publisher][refHash];
        _requireStandingReference(publisher, refHash, head_);
        version = uint32(head_);
        if (amends != 0) {
            if (amends != version) revert NotHeadVersion(amends, version);
            return version;
        }
        if (version == type(uint32).max) revert VersionOverflow(refHash);
        unchecked {
            ++version;
        }
        _heads[publisher][refHash] = version | (block.timestamp << PUBLISHED_AT);
    }

    function _revoke(
        address publisher,
        address by,
        string calldata imageRef,
        bytes32[] calldata digests,
        string calldata reason
    ) private {
        if (digests.length == 0 || digests.length > MAX_DIGESTS) revert DigestCount(digests.length);
        if (bytes(reason).length > MAX_REASON) revert ReasonLength(bytes(reason).length);
        bytes32 refHash = _refHash(imageRef);
        if (by != publisher) _requireDelegate(publisher, refHash, by);

        mapping(bytes32 => uint256) storage entries = _entries[publisher][refHash];
        for (uint256 i = 0; i < digests.length; ++i) {
            bytes32 value = digests[i];
            if (value == 0) revert ZeroDigest(refHash);
            uint256 known = entries[value];
            if (uint64(known >> ENDED_AT) != 0) continue;
            entries[value] = known | (block.timestamp << ENDED_AT);
            emit Revoked(publisher, refHash, value, reason, by);
        }
    }

    function _refHash(string calldata imageRef) private pure returns (bytes32) {
        uint256 length = bytes(imageRef).length;
        if (length == 0 || length > MAX_REFERENCE) revert ReferenceLength(length);
        return keccak256(bytes(imageRef));
    }

    /// @dev Refuses a publisher that retired or handed over everything.
    function _requireStanding(address publisher) private view {
        _requireStandingReference(publisher, ALL, _heads[publisher][ALL]);
    }

    /// @dev Refuses a reference, or the publisher under hash 0, that was retired or handed over.
    function _requireStandingReference(address publisher, bytes32 refHash, uint256 head_) private view {
        if (head_ >> ENDED_AT == 0) return;
        if (uint64(head_ >> ENDED_AT) != 0) _revertRetired(publisher, refHash);
        address heir = _successors[publisher][refHash];
        if (refHash == ALL) revert PublisherSucceeded(publisher, heir);
        revert ReferenceSucceeded(publisher, refHash, heir);
    }

    function _revertRetired(address publisher, bytes32 refHash) private pure {
        if (refHash == ALL) revert PublisherRetired(publisher);
        revert ReferenceRetired(publisher, refHash);
    }

    function _requireDelegate(address publisher, bytes32 refHash, address delegate) private view {
        uint64 expiry = _expiry(publisher, refHash, delegate);
        if (expiry == 0) revert NotDelegate(publisher, refHash, delegate);
        if (expiry < block.timestamp) revert DelegateExpired(publisher, refHash, delegate, expiry);
    }

    /// @return The later expiry of the delegate's two appointments, for the reference and for all.
    function _expiry(address publisher, bytes32 refHash, address delegate) private view returns (uint64) {
        uint64 one = _expiries[publisher][refHash][delegate];
        uint64 all = _expiries[publisher][ALL][delegate];
        return one > all ? one : all;
    }

    function _successor(address publisher, bytes32 refHash) private view returns (address heir) {
        heir = _successors[publisher][refHash];
        if (heir == address(0)) heir = _successors[publisher][ALL];
    }

    function _status(address publisher, bytes32 refHash, bytes32 digest) private view returns (Status memory answer) {
        uint256 head_ = _heads[publisher][refHash];
        uint256 entry_ = _entries[publisher][refHash][digest];
        answer.headVersion = uint32(head_);
        answer.headPublishedAt = uint64(head_ >> PUBLISHED_AT);
        answer.retiredAt = uint64(head_ >> ENDED_AT);
        answer.publisherRetiredAt = uint64(_heads[publisher][ALL] >> ENDED_AT);
        answer.version = uint32(entry_);
        answer.publishedAt = uint64(entry_ >> PUBLISHED_AT);
        answer.revokedAt = uint64(entry_ >> ENDED_AT);
        answer.kind = uint8(entry_ >> KIND);
        answer.successor = _successor(publisher, refHash);
    }

    // ---------------------------------------------------------------------------------------------------- signatures

    /// @dev Spends the nonce, then asks for the signature: an ERC-1271 publisher is called statically.
    function _useSignature(
        address publisher,
        bytes32 message,
        uint256 nonce,
        uint256 deadline,
        bytes calldata signature
    ) private {
        if (block.timestamp > deadline) revert SignatureExpired(deadline);
        uint256 expected = _nonces[publisher];
        if (nonce != expected) revert BadNonce(nonce, expected);
        unchecked {
            _nonces[publisher] = expected + 1;
        }
        bytes32 digest = MessageHashUtils.toTypedDataHash(_domainSeparator(), message);
        if (!SignatureChecker.isValidSignatureNowCalldata(publisher, digest, signature)) {
            revert BadSignature(publisher);
        }
    }

    /// @dev Computed anew for each signature. OpenZeppelin's `EIP712` keeps it in immutables, which are written into
    /// the code at deployment: the code would differ from chain to chain, and `eth_getCode` could not be compared
    /// byte for byte with the runtime code that the project ships.
    function _domainSeparator() private view returns (bytes32) {
        return MessageHashUtils.toDomainSeparator(DOMAIN_FIELDS, NAME, VERSION, block.chainid, address(this), 0);
    }

    function _hashReleases(Release[] calldata releases) private pure returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](releases.length);
        for (uint256 i = 0; i < releases.length; ++i) {
            Release calldata release = releases[i];
            hashes[i] = keccak256(
                abi.encode(
                    RELEASE_TYPE,
                    keccak256(bytes(release.imageRef)),
                    _hashDigests(release.digests),
                    release.amends,
                    keccak256(bytes(release.annotations))
                )
            );
        }
        return keccak256(abi.encodePacked(hashes));
    }

    function _hashDigests(Digest[] calldata digests) private pure returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](digests.length);
        for (uint256 i = 0; i < digests.length; ++i) {
            hashes[i] = keccak256(abi.encode(DIGEST_TYPE, digests[i].value, digests[i].kind));
        }
        return keccak256(abi.encodePacked(hashes));
    }
}
