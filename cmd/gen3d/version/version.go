// Package version tells which gen3d this is.
package version

import (
	"runtime/debug"

	"gen3d/cmd/gen3d/console"
)

// number is the version of a release, set by the linker:
// -ldflags "-X gen3d/cmd/gen3d/version.number=1.2.3".
var number string

// Command is `gen3d version`.
type Command struct {
	JSON bool `name:"json" help:"Print {version, commit, committedAt, modified, go, platform}."`
}

// Info describes the program.
type Info struct {
	Version     string `json:"version"` // of a release, or devel
	Commit      string `json:"commit,omitempty"`
	CommittedAt string `json:"committedAt,omitempty"`
	Modified    bool   `json:"modified,omitempty"` // the sources differed from the commit
	Go          string `json:"go"`
	Platform    string `json:"platform"`
}

// Run prints the version.
func (c *Command) Run(s console.Streams) error {
	info := Read()
	if c.JSON {
		return s.JSON(info)
	}
	commit := info.Commit
	if info.Modified {
		commit += " with changes"
	}
	return s.Facts([][2]string{
		{"gen3d", info.Version}, {"commit", commit}, {"committed", info.CommittedAt}, {"go", info.Go}, {"platform", info.Platform},
	})
}

// Read returns what the linker and the go command have written into the
// program. A build with -buildvcs=false, or outside a checkout, has no commit.
func Read() Info {
	build, ok := debug.ReadBuildInfo()
	if !ok {
		return from(number, &debug.BuildInfo{})
	}
	return from(number, build)
}

func from(number string, build *debug.BuildInfo) Info {
	settings := map[string]string{}
	for _, s := range build.Settings {
		settings[s.Key] = s.Value
	}
	info := Info{
		Version: number, Commit: settings["vcs.revision"], CommittedAt: settings["vcs.time"], Modified: settings["vcs.modified"] == "true",
		Go: build.GoVersion, Platform: settings["GOOS"] + "/" + settings["GOARCH"],
	}
	if module := build.Main.Version; info.Version == "" && module != "(devel)" {
		info.Version = module
	}
	if info.Version == "" {
		info.Version = "devel"
	}
	return info
}
