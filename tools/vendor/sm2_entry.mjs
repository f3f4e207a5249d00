// What the rider's pages need of SM2 and SM3, and nothing else: the entry of vendor/sm2.min.js.
//
// Keys and signatures are hex. The randomness of keys and of signatures is crypto.getRandomValues;
// the library takes it whenever `crypto` is there, which it is in every browser that has a service
// worker.
import { sm2, sm3 } from "sm-crypto-v2";

const {
  compressPublicKeyHex,
  doSignature,
  doVerifySignature,
  generateKeyPairHex,
  getPublicKeyFromPrivateKey,
} = sm2;

export {
  compressPublicKeyHex,
  doSignature,
  doVerifySignature,
  generateKeyPairHex,
  getPublicKeyFromPrivateKey,
  sm3,
};
