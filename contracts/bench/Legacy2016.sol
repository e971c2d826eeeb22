// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The image registry of 2016, for comparison only
/// @notice What the first DaoChain stored and announced, written for today's compiler: the same call, one struct of
/// its three values and the owner in a mapping that a second call overwrites, and the same event without topics.
/// Functions of that time were public and took `bytes` in memory.
contract Legacy2016 {
    struct Image {
        uint256 imageHash;
        address owner;
        bytes repoTag;
        uint256 imageId;
    }

    mapping(address owner => mapping(bytes repoTag => Image)) private _images;

    event regImage(uint256 imageHash, address owner, bytes repoTag, uint256 imageId);

    function registerImage(uint256 imageHash, bytes memory repoTag, uint256 imageId) public {
        _images[msg.sender][repoTag] = Image(imageHash, msg.sender, repoTag, imageId);
        emit regImage(imageHash, msg.sender, repoTag, imageId);
    }
}
