// Verifies tokens with aws-jwt-verify and prints the CPU of one, in milliseconds. Half of them are to warm up.
import { JwtVerifier } from "aws-jwt-verify";
import { readFileSync } from "node:fs";

const { issuer, audience, jwks, tokens } = JSON.parse(readFileSync(0, "utf8"));
const verifier = JwtVerifier.create({ issuer, audience, jwksUri: `${issuer}/.well-known/jwks.json` });
verifier.cacheJwks(jwks);

const half = tokens.length / 2;
tokens.slice(0, half).forEach((token) => verifier.verifySync(token));
const before = process.cpuUsage();
tokens.slice(half).forEach((token) => verifier.verifySync(token));
const { user, system } = process.cpuUsage(before);
console.log((user + system) / 1000 / half);
