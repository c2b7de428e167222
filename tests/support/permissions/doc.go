// Package permissions holds programs under test to the rights that the stack
// gives them. No emulator of AWS enforces IAM, so a missing right would be found
// only in an account.
//
//	program ──▶ [Guard] ──▶ stand-in of AWS
//	              │
//	              ├─ what does the request need? ([Stack.Needs])
//	              └─ does the role's policy allow it? ([Evaluate])
//
// The policies are those that the Pulumi program renders, recorded in
// infra/testdata/rights ([Load]) for two stacks: one plain, one with everything
// that changes a policy. Every request is judged under both. What is not allowed
// is answered as AWS answers it, and fails the test.
//
// The other way round, [Guard] notes what was used: a right that no test uses is
// one too many, or stands in the test's list with the reason ([Stack.Unused]).
package permissions
