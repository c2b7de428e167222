// Package engine runs the Pulumi program with the real engine against an emulator
// of AWS's API (moto, with the answers that it lacks in emulator.py). The provider
// is whatever plugin is installed as pulumi-aws 6.83: the published one, or one
// that bridges the code of terraform-provider-aws 5.86, with which the tests have
// passed.
//
// It needs the pulumi command with the plugin of pulumi-aws, and the emulator's
// Python environment, which ./setup makes. Where one is missing the tests skip
// and say which.
package engine
