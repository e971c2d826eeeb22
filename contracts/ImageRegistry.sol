// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IImageRegistry} from "./IImageRegistry.sol";
import {PublisherSignatures} from "./PublisherSignatures.sol";
import {ReleaseCodec} from "./ReleaseCodec.sol";

/// @title Where publishers say which container images are theirs
/// @notice Anyone publishes under their own address which digests belong to which image reference, and takes it back.
/// Whoever holds an image measures it and asks `status`. There is no owner, no administrator, no upgrade and no ether:
/// what stands here was said by the publisher's key, or by a key which that key appointed.
///
/// ## Storage
/// Storage proofs (`eth_getProof`) rest on this layout. With every operand of `.` left-padded to 32 bytes, what is kept
/// of reference r of publisher p begins at slot R = keccak256(r . keccak256(p . 1)):
///
/// | slot                   | value, packed from the least significant bit                         |
/// |------------------------|----------------------------------------------------------------------|
/// | R                      | head: version 32, publishedAt 64, retiredAt 64, succeededAt 64 bits  |
/// | keccak256(d . (R + 1)) | entry of digest d: version 32, publishedAt 64, revokedAt 64, kind 8  |
/// | keccak256(a . (R + 2)) | the last time at which address a is a delegate: 64                   |
/// | R + 3                  | to whom succession is offered: 160                                   |
/// | R + 4                  | the successor: 160                                                   |
///
/// The next nonce of p lies at keccak256(p . 0). The head under hash 0 holds what is true of the publisher as a whole:
/// `retiredAt` and `succeededAt`, never a version. All times are `block.timestamp` in seconds, which 64 bits hold for
/// longer than there will be blocks; 0 means never.
contract ImageRegistry is IImageRegistry, PublisherSignatures {
    uint256 private constant MAX_REFERENCE = 512;
    uint256 private constant MAX_DIGESTS = 64;
    uint256 private constant MAX_ANNOTATIONS = 4096;
    uint256 private constant MAX_REASON = 1024;

    /// What a `refHash` is that names no reference but everything of a publisher.
    bytes32 private constant ALL = 0;

    // Positions in the packed words. The version lies at 0 in both.
    uint256 private constant PUBLISHED_AT = 32;
    uint256 private constant ENDED_AT = 96; // retiredAt of a head, revokedAt of an entry
    uint256 private constant SUCCEEDED_AT = 160; // of a head
    uint256 private constant KIND = 160; // of an entry

    struct Reference {
        uint256 head;
        mapping(bytes32 digest => Entry) entries;
        mapping(address delegate => uint64) expiries;
        address offered;
        address successor;
    }

    /// One packed word. A struct, so that who reads it and writes it again computes its place only once.
    struct Entry {
        uint256 word;
    }

    mapping(address publisher => mapping(bytes32 refHash => Reference)) private _references;

    // ---------------------------------------------------------------------------------------------------- publishing

    /// @inheritdoc IImageRegistry
    function publish(Release calldata release) external {
        mapping(bytes32 => Reference) storage references = _references[msg.sender];
        uint256 all = references[ALL].head;
        if (_isEnded(all)) _refuse(msg.sender, ALL, all);
        _publish(msg.sender, msg.sender, references, release);
    }

    /// @inheritdoc IImageRegistry
    function publishMany(Release[] calldata releases) external {
        _publishMany(msg.sender, msg.sender, releases);
    }

    /// @inheritdoc IImageRegistry
    function publishFor(address publisher, Release[] calldata releases) external {
        _publishMany(publisher, msg.sender, releases);
    }

    /// @inheritdoc IImageRegistry
    function publishBySig(
        address publisher,
        Release[] calldata releases,
        uint256 nonce,
        uint256 deadline,
        bytes calldata signature
    ) external {
        bytes32 structHash = ReleaseCodec.hashPublish(publisher, releases, nonce, deadline);
        _useSignature(publisher, structHash, nonce, deadline, signature);
        _publishMany(publisher, publisher, releases);
    }

    // ------------------------------------------------------------------------------------------------------ revoking

    /// @inheritdoc IImageRegistry
    function revoke(string calldata imageRef, bytes32[] calldata digests, string calldata reason) external {
        _revoke(msg.sender, msg.sender, imageRef, digests, reason);
    }

    /// @inheritdoc IImageRegistry
    function revokeFor(
        address publisher,
        string calldata imageRef,
        bytes32[] calldata digests,
        string calldata reason
    ) external {
        _revoke(publisher, msg.sender, imageRef, digests, reason);
    }

    /// @inheritdoc IImageRegistry
    function revokeBySig(
        address publisher,
        string calldata imageRef,
        bytes32[] calldata digests,
        string calldata reason,
        uint256 nonce,
        uint256 deadline,
        bytes calldata signature
    ) external {
        bytes32 structHash = ReleaseCodec.hashRevoke(publisher, imageRef, digests, reason, nonce, deadline);
        _useSignature(publisher, structHash, nonce, deadline, signature);
        _revoke(publisher, publisher, imageRef, digests, reason);
    }

    /// @inheritdoc IImageRegistry
    function retire(bytes32 refHash, string calldata reason) external {
        if (bytes(reason).length > MAX_REASON) revert ReasonLength(bytes(reason).length);
        Reference storage state = _references[msg.sender][refHash];
        uint256 word = state.head;
        // Not when only handed over: a predecessor may still take back all that it said.
        if (uint64(word >> ENDED_AT) != 0) _refuse(msg.sender, refHash, word);
        state.head = word | (block.timestamp << ENDED_AT);
        emit Retired(msg.sender, refHash, reason, msg.sender);
    }

    // --------------------------------------------------------------------------------------- delegates and successors

    /// @inheritdoc IImageRegistry
    function setDelegate(address delegate, bytes32 refHash, uint64 expiry) external {
        if (delegate == address(0) || delegate == msg.sender) revert InvalidDelegate(delegate);
        if (expiry != 0 && expiry < block.timestamp) revert ExpiryPassed(expiry);
        _references[msg.sender][refHash].expiries[delegate] = expiry;
        emit DelegateSet(msg.sender, delegate, refHash, expiry);
    }

    /// @inheritdoc IImageRegistry
    function offerSuccession(bytes32 refHash, address successor) external {
        if (successor == msg.sender) revert InvalidSuccessor(successor);
        _requireStanding(msg.sender, refHash);
        _references[msg.sender][refHash].offered = successor;
        emit SuccessionOffered(msg.sender, refHash, successor);
    }

    /// @inheritdoc IImageRegistry
    function acceptSuccession(address publisher, bytes32 refHash) external {
        Reference storage state = _references[publisher][refHash];
        if (state.offered != msg.sender) revert SuccessionNotOffered(publisher, refHash, msg.sender);
        _requireStanding(publisher, refHash);
        state.offered = address(0);
        state.successor = msg.sender;
        state.head |= block.timestamp << SUCCEEDED_AT;
        emit SuccessionAccepted(publisher, refHash, msg.sender);
    }

    // ------------------------------------------------------------------------------------------------------- reading

    /// @inheritdoc IImageRegistry
    function status(address publisher, bytes32 refHash, bytes32 digest) external view returns (Status memory) {
        return _status(publisher, refHash, digest);
    }

    /// @inheritdoc IImageRegistry
    function statusMany(Query[] calldata queries) external view returns (Status[] memory answers) {
        answers = new Status[](queries.length);
        for (uint256 i = 0; i < queries.length; ++i) {
            answers[i] = _status(queries[i].publisher, queries[i].refHash, queries[i].digest);
        }
    }

    /// @inheritdoc IImageRegistry
    function head(address publisher, bytes32 refHash)
        external
        view
        returns (uint32 version, uint64 publishedAt, uint64 retiredAt)
    {
        uint256 word = _references[publisher][refHash].head;
        return (uint32(word), uint64(word >> PUBLISHED_AT), uint64(word >> ENDED_AT));
    }

    /// @inheritdoc IImageRegistry
    function entry(address publisher, bytes32 refHash, bytes32 digest)
        external
        view
        returns (uint32 version, uint64 publishedAt, uint64 revokedAt, uint8 kind)
    {
        uint256 word = _references[publisher][refHash].entries[digest].word;
        return (uint32(word), uint64(word >> PUBLISHED_AT), uint64(word >> ENDED_AT), uint8(word >> KIND));
    }

    /// @inheritdoc IImageRegistry
    function nonce(address publisher) external view returns (uint256) {
        return _nextNonce(publisher);
    }

    /// @inheritdoc IImageRegistry
    function isDelegate(address publisher, bytes32 refHash, address delegate) external view returns (bool) {
        return _expiry(publisher, refHash, delegate) >= block.timestamp;
    }

    /// @inheritdoc IImageRegistry
    function successor(address publisher, bytes32 refHash) external view returns (address) {
        return _successor(publisher, refHash);
    }

    // --------------------------------------------------------------------------------------------------------- rules

    function _publishMany(address publisher, address by, Release[] calldata releases) private {
        if (releases.length == 0) revert NoReleases();
        mapping(bytes32 => Reference) storage references = _references[publisher];
        uint256 all = references[ALL].head;
        if (_isEnded(all)) _refuse(publisher, ALL, all);
        for (uint256 i = 0; i < releases.length; ++i) {
            _publish(publisher, by, references, releases[i]);
        }
    }

    /// @dev The caller has seen that the publisher as a whole may publish. An amendment leaves the head untouched.
    function _publish(
        address publisher,
        address by,
        mapping(bytes32 => Reference) storage references,
        Release calldata release
    ) private {
        (string calldata imageRef, Digest[] calldata digests, uint256 amends, string calldata annotations) =
            ReleaseCodec.decode(release);
        unchecked {
            // A length of 0 wraps around, and so fails both limits in one comparison.
            if (bytes(imageRef).length - 1 >= MAX_REFERENCE) revert ReferenceLength(bytes(imageRef).length);
            if (digests.length - 1 >= MAX_DIGESTS) revert DigestCount(digests.length);
        }
        if (bytes(annotations).length > MAX_ANNOTATIONS) revert AnnotationsLength(bytes(annotations).length);
        (bytes32 refHash, uint256 data, uint256 size, uint256 copies) =
            ReleaseCodec.encodePublished(imageRef, digests, annotations, by);
        if (by != publisher) _requireDelegate(publisher, refHash, by);

        Reference storage state = references[refHash];
        uint256 word = state.head;
        if (_isEnded(word)) _refuse(publisher, refHash, word);
        uint256 version = uint32(word);
        if (amends == 0) {
            if (version == type(uint32).max) revert VersionOverflow(refHash);
            unchecked {
                ++version;
            }
            state.head = version | (block.timestamp << PUBLISHED_AT);
        } else if (amends != version) {
            revert NotHeadVersion(uint32(amends), uint32(version));
        }
        _enter(state.entries, refHash, version, copies, digests.length);

        bytes32 topic = Published.selector;
        bytes32 publisherTopic = bytes32(uint256(uint160(publisher)));
        assembly ("memory-safe") {
            mstore(data, version)
            log4(data, size, topic, publisherTopic, refHash, mload(copies))
        }
    }

    /// @dev Writes the entries of a release. A digest of an older version moves to the new one, with time and kind: it
    /// is current again. Versions only grow, so an entry that carries the version being written was written by this
    /// very release or, when amending, by an earlier one: a duplicate.
    /// @param copies Where in memory value and kind of each digest lie, two words for each.
    /// @param count  How many there are, at least 1.
    function _enter(
        mapping(bytes32 => Entry) storage entries,
        bytes32 refHash,
        uint256 version,
        uint256 copies,
        uint256 count
    ) private {
        uint256 fresh = version | (block.timestamp << PUBLISHED_AT);
        unchecked {
            uint256 end = copies + (count << 6);
            do {
                bytes32 value;
                uint256 kind;
                assembly ("memory-safe") {
                    value := mload(copies)
                    kind := mload(add(copies, 0x20))
                    if shr(8, kind) { revert(0, 0) } // no uint8: what the compiler's decoder does
                }
                if (value == 0) revert ZeroDigest(refHash);
                Entry storage slot = entries[value];
                uint256 word = slot.word;
                if (uint64(word >> ENDED_AT) != 0) revert DigestRevoked(refHash, value);
                if (uint32(word) == version) revert DuplicateDigest(refHash, value);
                slot.word = fresh | (kind << KIND);
                copies += 64;
            } while (copies != end);
        }
    }

    function _revoke(
        address publisher,
        address by,
        string calldata imageRef,
        bytes32[] calldata digests,
        string calldata reason
    ) private {
        if (bytes(imageRef).length == 0 || bytes(imageRef).length > MAX_REFERENCE) {
            revert ReferenceLength(bytes(imageRef).length);
        }
        if (digests.length == 0 || digests.length > MAX_DIGESTS) revert DigestCount(digests.length);
        if (bytes(reason).length > MAX_REASON) revert ReasonLength(bytes(reason).length);
        bytes32 refHash = keccak256(bytes(imageRef));
        if (by != publisher) _requireDelegate(publisher, refHash, by);

        mapping(bytes32 => Entry) storage entries = _references[publisher][refHash].entries;
        for (uint256 i = 0; i < digests.length; ++i) {
            bytes32 value = digests[i];
            if (value == 0) revert ZeroDigest(refHash);
            Entry storage slot = entries[value];
            uint256 word = slot.word;
            if (uint64(word >> ENDED_AT) != 0) continue;
            slot.word = word | (block.timestamp << ENDED_AT);
            emit Revoked(publisher, refHash, value, reason, by);
        }
    }

    /// @dev Whether a head was retired or handed over: either time is set.
    function _isEnded(uint256 word) private pure returns (bool) {
        return word >> ENDED_AT != 0;
    }

    /// @dev Says why nothing is published or handed over under the head `word`: it was retired or handed over.
    function _refuse(address publisher, bytes32 refHash, uint256 word) private view {
        if (uint64(word >> ENDED_AT) == 0) {
            revert AlreadySucceeded(publisher, refHash, _references[publisher][refHash].successor);
        }
        if (refHash == ALL) revert PublisherRetired(publisher);
        revert ReferenceRetired(publisher, refHash);
    }

    /// @dev Refuses when the publisher as a whole, or the reference, was retired or handed over.
    function _requireStanding(address publisher, bytes32 refHash) private view {
        uint256 word = _references[publisher][ALL].head;
        if (_isEnded(word)) _refuse(publisher, ALL, word);
        word = _references[publisher][refHash].head;
        if (_isEnded(word)) _refuse(publisher, refHash, word);
    }

    function _requireDelegate(address publisher, bytes32 refHash, address delegate) private view {
        uint64 expiry = _expiry(publisher, refHash, delegate);
        if (expiry == 0) revert NotDelegate(publisher, refHash, delegate);
        if (expiry < block.timestamp) revert DelegateExpired(publisher, refHash, delegate, expiry);
    }

    /// @return The later expiry of the delegate's two appointments, for the reference and for all.
    function _expiry(address publisher, bytes32 refHash, address delegate) private view returns (uint64) {
        uint64 one = _references[publisher][refHash].expiries[delegate];
        uint64 all = _references[publisher][ALL].expiries[delegate];
        return one > all ? one : all;
    }

    function _successor(address publisher, bytes32 refHash) private view returns (address heir) {
        heir = _references[publisher][refHash].successor;
        if (heir == address(0)) heir = _references[publisher][ALL].successor;
    }

    function _status(address publisher, bytes32 refHash, bytes32 digest) private view returns (Status memory answer) {
        uint256 word = _references[publisher][refHash].head;
        answer.headVersion = uint32(word);
        answer.headPublishedAt = uint64(word >> PUBLISHED_AT);
        answer.retiredAt = uint64(word >> ENDED_AT);
        answer.publisherRetiredAt = uint64(_references[publisher][ALL].head >> ENDED_AT);
        word = _references[publisher][refHash].entries[digest].word;
        answer.version = uint32(word);
        answer.publishedAt = uint64(word >> PUBLISHED_AT);
        answer.revokedAt = uint64(word >> ENDED_AT);
        answer.kind = uint8(word >> KIND);
        answer.successor = _successor(publisher, refHash);
    }
}
