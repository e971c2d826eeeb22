// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Which namespaces publishers say are theirs
/// @notice A claim proves nothing alone: anyone may claim any namespace (`docker.io/library`). The other half is a
/// statement that the namespace itself holds, an artifact at `<registry>/<namespace>/daochain-publisher:latest` signed
/// by the claiming address. Whoever checks a claim fetches that, so nobody needs to administer this list.
///
/// Storage, for proofs: slot 0 is publisher => keccak256(namespace) => block time of the claim in seconds, 0 for none.
contract PublisherDirectory {
    event Claimed(address indexed publisher, bytes32 indexed namespaceHash, string namespace);
    event Unclaimed(address indexed publisher, bytes32 indexed namespaceHash, string namespace);

    error NamespaceLength(uint256 length);
    error AlreadyClaimed(address publisher, bytes32 namespaceHash);
    error NotClaimed(address publisher, bytes32 namespaceHash);

    uint256 private constant MAX_NAMESPACE = 512;

    mapping(address publisher => mapping(bytes32 namespaceHash => uint64 claimedAt)) private _claims;

    /// @notice Claims a namespace, 1 to 512 bytes of UTF-8, for the caller. Several publishers may claim one.
    function claim(string calldata namespace) external {
        bytes32 namespaceHash = _hash(namespace);
        if (_claims[msg.sender][namespaceHash] != 0) revert AlreadyClaimed(msg.sender, namespaceHash);
        _claims[msg.sender][namespaceHash] = uint64(block.timestamp);
        emit Claimed(msg.sender, namespaceHash, namespace);
    }

    /// @notice Takes the caller's claim back.
    function unclaim(string calldata namespace) external {
        bytes32 namespaceHash = _hash(namespace);
        if (_claims[msg.sender][namespaceHash] == 0) revert NotClaimed(msg.sender, namespaceHash);
        delete _claims[msg.sender][namespaceHash];
        emit Unclaimed(msg.sender, namespaceHash, namespace);
    }

    /// @notice Whether `publisher` claims the namespace now.
    function isClaimed(address publisher, string calldata namespace) external view returns (bool) {
        return _claims[publisher][keccak256(bytes(namespace))] != 0;
    }

    /// @notice Since when `publisher` claims the namespace of this hash, in seconds; 0 when it does not.
    function claimedAt(address publisher, bytes32 namespaceHash) external view returns (uint64) {
        return _claims[publisher][namespaceHash];
    }

    function _hash(string calldata namespace) private pure returns (bytes32) {
        uint256 length = bytes(namespace).length;
        if (length == 0 || length > MAX_NAMESPACE) revert NamespaceLength(length);
        return keccak256(bytes(namespace));
    }
}
