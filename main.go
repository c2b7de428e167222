// This is the Pulumi program of Gen3D, which `pulumi up --stack dev` runs.
// Package infra describes it.
package main

import (
	"path/filepath"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"gen3d/infra"
)

func main() {
	var info pulumi.RunInfo
	pulumi.Run(func(ctx *pulumi.Context) error {
		root := info.RootDirectory
		if root == "" {
			root = "."
		}
		root, err := filepath.Abs(root)
		if err != nil {
			return err
		}
		return infra.Deploy(ctx, info.Config, infra.Artifacts{Root: root}, infra.LoadAccount)
	}, func(given *pulumi.RunInfo) { info = *given })
}
