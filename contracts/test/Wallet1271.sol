// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @notice A contract wallet for the tests: its owner's ECDSA signature is its own.
contract Wallet1271 is IERC1271 {
    address private immutable OWNER;

    constructor(address owner) {
        OWNER = owner;
    }

    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        (address signer,,) = ECDSA.tryRecoverCalldata(hash, signature);
        return signer == OWNER ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }
}

/// @notice A publisher whose signature check tries to use the signature a second time.
contract ReentrantWallet {
    bytes private _call;
    address private _registry;

    function arm(address registry, bytes calldata data) external {
        _registry = registry;
        _call = data;
    }

    function isValidSignature(bytes32, bytes calldata) external returns (bytes4) {
        (bool done,) = _registry.call(_call);
        return done ? bytes4(0xffffffff) : IERC1271.isValidSignature.selector;
    }
}
