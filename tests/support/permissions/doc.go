// Package permissions checks programs under test against the rights that the
// stack grants them. No emulator of AWS enforces IAM, so a missing right would
// be found only in an account.
//
//	program ──▶ [Guard] ──▶ stand-in of AWS
//	              │
//	              ├─ what does the request need? ([Stack.Needs])
//	              └─ does the role's policy allow it? ([Evaluate])
//
// The policies are those that the Pulumi program renders, recorded in
// infra/testdata/rights ([Load]) for two stacks: one with default settings, one
// with every setting that changes a policy. Every request is evaluated in both.
// A request that is not allowed gets the response that AWS would send, and
// fails the test.
//
// Conversely, [Guard] records which rights are used: a right that no test uses
// is superfluous, unless the test lists it with a reason ([Unused]).
package permissions
