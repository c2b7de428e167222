package check

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"syscall"

	"github.com/dustin/go-humanize"

	"gen3d/infra/settings"
)

// dockerInfo has what docker info tells.
// https://docs.docker.com/reference/cli/docker/system/info/
type dockerInfo struct {
	ServerVersion string
	DockerRootDir string
	ServerErrors  []string
}

func readDocker() (dockerInfo, error) {
	var info dockerInfo
	text, err := output(context.Background(), "", "docker", "info", "--format", "{{json .}}")
	if decoded := json.Unmarshal([]byte(text), &info); err == nil && decoded != nil {
		return info, fmt.Errorf("reading docker's answer: %w", decoded)
	}
	if len(info.ServerErrors) > 0 {
		return info, errors.New(info.ServerErrors[0])
	}
	return info, err
}

// builds reports whether a deployment builds the image: now, or once the model
// is on.
func (w *world) builds() bool { return w.config.Model.Image == settings.BuildImage }

const noBuild = "not needed, as gen3d:model.image is not build"

func dockerRunning(_ context.Context, w *world) Finding {
	if !w.builds() {
		return ok(noBuild)
	}
	info, err := w.docker()
	switch {
	case errors.Is(err, errNotInstalled):
		return w.forModel(fix("https://docs.docker.com/engine/install/", "the docker command is not on the PATH, and the image is built with it; install it"))
	case err != nil:
		return w.forModel(fix("sudo systemctl start docker, or start Docker Desktop", "Docker does not answer (%s); start it", oneLine(err)))
	}
	return ok("version %s", info.ServerVersion)
}

// dockerManifests looks for buildx, with which gen3d image push chooses the
// manifest of the image. SageMaker refuses OCI's, which the containerd image
// store pushes by default.
// https://docs.docker.com/build/exporters/image-registry/
func dockerManifests(ctx context.Context, w *world) Finding {
	if !w.builds() {
		return ok(noBuild)
	}
	if _, err := w.docker(); err != nil {
		return skip("Docker does not answer")
	}
	if _, err := output(ctx, "", "docker", "buildx", "version"); err != nil {
		return w.forModel(fix("https://github.com/docker/buildx#installing", "docker has no buildx (%s), which pushes the manifests that SageMaker accepts; install it", oneLine(err)))
	}
	return ok("buildx pushes Docker's own")
}

// buildSpace is the free space in bytes that the image's build needs: about
// 7.2 GB of layers, and the packages and caches of its stages.
const buildSpace = 30_000_000_000

func dockerDisk(_ context.Context, w *world) Finding {
	if !w.builds() {
		return ok(noBuild)
	}
	info, err := w.docker()
	if err != nil {
		return skip("Docker does not answer")
	}
	var disk syscall.Statfs_t
	if err := syscall.Statfs(info.DockerRootDir, &disk); err != nil {
		return skip("%s is not on this machine, or cannot be read", info.DockerRootDir)
	}
	free := disk.Bavail * uint64(disk.Bsize) // #nosec G115 -- a block size is positive
	return w.forModel(space(info.DockerRootDir, free))
}

// space returns the finding for a folder with so many bytes free.
func space(folder string, free uint64) Finding {
	if free < buildSpace {
		return fix("docker system prune", "%s has %s free, and the image's build needs %s; free space", strings.TrimSuffix(folder, "/"), humanize.Bytes(free), humanize.Bytes(buildSpace))
	}
	return ok("%s has %s free", folder, humanize.Bytes(free))
}
