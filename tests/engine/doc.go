// Package engine runs the Pulumi program with the real engine and the real AWS
// provider (pulumi-aws 6.83, which bridges the code of terraform-provider-aws
// 5.86 and later) against an emulator of AWS's API (moto, with the answers that
// it lacks in emulator.py).
//
// It needs the pulumi command with the plugin of pulumi-aws, and the emulator's
// Python environment, which ./setup makes. Where one is missing the tests skip
// and say which.
package engine
