package version

import (
	"runtime"
	"runtime/debug"
	"testing"
)

func TestVersionIsOfTheReleaseOrTheCommit(t *testing.T) {
	build := &debug.BuildInfo{GoVersion: "go1.26.0", Main: debug.Module{Version: "(devel)"}, Settings: []debug.BuildSetting{
		{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.time", Value: "2026-01-02T03:04:05Z"}, {Key: "vcs.modified", Value: "true"}, {Key: "GOOS", Value: "linux"}, {Key: "GOARCH", Value: "arm64"},
	}}
	want := Info{Version: "1.2.3", Commit: "abc", CommittedAt: "2026-01-02T03:04:05Z", Modified: true, Go: "go1.26.0", Platform: "linux/arm64"}
	if got := from("1.2.3", build); got != want {
		t.Errorf("%+v", got)
	}
	want.Version = "devel"
	if got := from("", build); got != want {
		t.Errorf("%+v", got)
	}
	build.Main.Version = "v0.0.0-20260102030405-abcdefabcdef"
	if got := from("", build); got.Version != build.Main.Version {
		t.Errorf("%+v", got)
	}
	if got := Read(); got.Go != runtime.Version() || got.Version == "" {
		t.Errorf("this program: %+v", got)
	}
}
