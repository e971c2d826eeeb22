// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IImageRegistry} from "./IImageRegistry.sol";

/// @title Reading a release from calldata, and writing it to the log and into a signed message
/// @dev The first two are written by hand: publishing is what people pay for, and beside two storage words, calldata
/// and log data it should cost next to nothing. The rest is plain, for who has a signature checked pays for that.
library ReleaseCodec {
    bytes32 private constant DIGEST_TYPE = keccak256("Digest(bytes32 value,uint8 kind)");
    bytes32 private constant RELEASE_TYPE = keccak256(
        "Release(string imageRef,Digest[] digests,uint32 amends,string annotations)Digest(bytes32 value,uint8 kind)"
    );
    bytes32 private constant PUBLISH_TYPE = keccak256(
        "Publish(address publisher,Release[] releases,uint256 nonce,uint256 deadline)"
        "Digest(bytes32 value,uint8 kind)"
        "Release(string imageRef,Digest[] digests,uint32 amends,string annotations)"
    );
    bytes32 private constant REVOKE_TYPE = keccak256(
        "Revoke(address publisher,string imageRef,bytes32[] digests,string reason,uint256 nonce,uint256 deadline)"
    );

    /// @dev Finds the members of a release in calldata. The compiler's decoder tests each offset and length by itself;
    /// here all are tested at once, after reads that do no harm (beyond its end calldata is zeros). The caller bounds
    /// the lengths before it uses them, which closes the gap that these sums leave: an offset within calldata and a
    /// length of a few thousand cannot wrap around. Calldata that is not ABI reverts without data, as everywhere.
    /// That each `kind` fits 8 bits is left to who reads them.
    function decode(IImageRegistry.Release calldata release)
        internal
        pure
        returns (
            string calldata imageRef,
            IImageRegistry.Digest[] calldata digests,
            uint256 amends,
            string calldata annotations
        )
    {
        assembly ("memory-safe") {
            let end := calldatasize()

            let offset := calldataload(release)
            let bad := gt(offset, end)
            offset := add(release, offset)
            imageRef.length := calldataload(offset)
            imageRef.offset := add(offset, 0x20)
            bad := or(bad, gt(add(imageRef.offset, imageRef.length), end))

            offset := calldataload(add(release, 0x20))
            bad := or(bad, gt(offset, end))
            offset := add(release, offset)
            digests.length := calldataload(offset)
            digests.offset := add(offset, 0x20)
            bad := or(bad, gt(add(digests.offset, shl(6, digests.length)), end))

            amends := calldataload(add(release, 0x40))
            bad := or(bad, shr(32, amends))

            offset := calldataload(add(release, 0x60))
            bad := or(bad, gt(offset, end))
            offset := add(release, offset)
            annotations.length := calldataload(offset)
            annotations.offset := add(offset, 0x20)
            bad := or(bad, gt(add(annotations.offset, annotations.length), end))

            if bad { revert(0, 0) }
        }
    }

    /// @dev Lays out the data of `Published` in memory. The compiler would copy the reference once to hash it and once
    /// more to log it, and decode and encode every digest in between. The words are
    ///
    ///     version (0 here) | offset of imageRef | offset of digests | offset of annotations | by |
    ///     length, bytes of imageRef | count, (value, kind) of each digest | length, bytes of annotations
    ///
    /// with strings padded by zeros to whole words. An array of digests looks alike in calldata and in the log, and so
    /// is copied whole. The reference must not be empty.
    /// @return refHash The hash of the reference.
    /// @return data    Where the data begins in memory.
    /// @return size    How many bytes it has.
    /// @return copies  Where in memory the first digest lies.
    function encodePublished(
        string calldata imageRef,
        IImageRegistry.Digest[] calldata digests,
        string calldata annotations,
        address by
    ) internal pure returns (bytes32 refHash, uint256 data, uint256 size, uint256 copies) {
        assembly ("memory-safe") {
            data := mload(0x40)
            mstore(data, 0)
            mstore(add(data, 0x20), 0xa0)
            mstore(add(data, 0x80), and(by, 0xffffffffffffffffffffffffffffffffffffffff))

            // A string's last word is cleared before the bytes are copied, which may fill it only in part.
            let next := add(data, and(add(imageRef.length, 0xdf), not(0x1f)))
            mstore(sub(next, 0x20), 0)
            mstore(add(data, 0xa0), imageRef.length)
            calldatacopy(add(data, 0xc0), imageRef.offset, imageRef.length)
            refHash := keccak256(add(data, 0xc0), imageRef.length)

            mstore(add(data, 0x40), sub(next, data))
            mstore(next, digests.length)
            copies := add(next, 0x20)
            size := shl(6, digests.length)
            calldatacopy(copies, digests.offset, size)
            next := add(copies, size)

            mstore(add(data, 0x60), sub(next, data))
            let last := add(next, and(add(annotations.length, 0x1f), not(0x1f)))
            mstore(last, 0)
            mstore(next, annotations.length) // after the zero: without annotations both are the same word
            calldatacopy(add(next, 0x20), annotations.offset, annotations.length)
            next := add(last, 0x20)
            mstore(0x40, next)
            size := sub(next, data)
        }
    }

    /// @dev The EIP-712 struct hash of `Publish`. It names the publisher, so that a contract wallet's owner who signs
    /// for one wallet has not signed for another one.
    function hashPublish(
        address publisher,
        IImageRegistry.Release[] calldata releases,
        uint256 nonce,
        uint256 deadline
    ) internal pure returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](releases.length);
        for (uint256 i = 0; i < releases.length; ++i) {
            IImageRegistry.Release calldata release = releases[i];
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
        return keccak256(abi.encode(PUBLISH_TYPE, publisher, keccak256(abi.encodePacked(hashes)), nonce, deadline));
    }

    /// @dev The EIP-712 struct hash of `Revoke`.
    function hashRevoke(
        address publisher,
        string calldata imageRef,
        bytes32[] calldata digests,
        string calldata reason,
        uint256 nonce,
        uint256 deadline
    ) internal pure returns (bytes32) {
        return keccak256(
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
    }

    function _hashDigests(IImageRegistry.Digest[] calldata digests) private pure returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](digests.length);
        for (uint256 i = 0; i < digests.length; ++i) {
            hashes[i] = keccak256(abi.encode(DIGEST_TYPE, digests[i].value, digests[i].kind));
        }
        return keccak256(abi.encodePacked(hashes));
    }
}
