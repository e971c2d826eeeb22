// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {IImageRegistry} from "./IImageRegistry.sol";

/// @title EIP-712 signatures of publishers, each good once
/// @dev The domain is computed for each signature. OpenZeppelin's `EIP712` keeps it in immutables, which are written
/// into the code at deployment: the code would differ from chain to chain, and nobody could compare `eth_getCode` byte
/// for byte with the runtime code that the project ships.
abstract contract PublisherSignatures is IERC5267 {
    string private constant NAME = "DaoChain ImageRegistry";
    string private constant VERSION = "1";
    bytes1 private constant DOMAIN_FIELDS = 0x0f; // name, version, chainId, verifyingContract

    mapping(address publisher => uint256) private _nonces;

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

    function _nextNonce(address publisher) internal view returns (uint256) {
        return _nonces[publisher];
    }

    /// @dev Spends the nonce before it asks for the signature. A publisher with code is asked by a static call, which
    /// can change nothing here.
    function _useSignature(
        address publisher,
        bytes32 structHash,
        uint256 nonce,
        uint256 deadline,
        bytes calldata signature
    ) internal {
        if (block.timestamp > deadline) revert IImageRegistry.SignatureExpired(deadline);
        uint256 expected = _nonces[publisher];
        if (nonce != expected) revert IImageRegistry.BadNonce(nonce, expected);
        unchecked {
            _nonces[publisher] = expected + 1;
        }
        bytes32 domain =
            MessageHashUtils.toDomainSeparator(DOMAIN_FIELDS, NAME, VERSION, block.chainid, address(this), 0);
        bytes32 digest = MessageHashUtils.toTypedDataHash(domain, structHash);
        if (!SignatureChecker.isValidSignatureNowCalldata(publisher, digest, signature)) {
            revert IImageRegistry.BadSignature(publisher);
        }
    }
}
