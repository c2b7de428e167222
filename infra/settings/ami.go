package settings

import (
	"fmt"
	"slices"
	"strings"
)

// ImageCUDA is the oldest CUDA version of a driver on which the model's image
// runs. Its libraries are those of CUDA 12.4
// (model-image/requirements/torch.txt), and a driver runs all versions of its
// major version, except kernels that are compiled for it as PTX. The image's
// packages contain compiled kernels for the instance types of the table.
// https://docs.nvidia.com/deploy/cuda-compatibility/minor-version-compatibility.html
const ImageCUDA = 12.0

// driver535 is the version of the host's image for the instance types of the
// table: its driver, 535, runs CUDA up to 12.2. The default of AWS would be
// driver 470, with CUDA 11.4, for p4d and p4de. The versions that AWS added
// later are not known to every provider of pulumi-aws v6.
// https://docs.aws.amazon.com/sagemaker/latest/dg/inference-gpu-drivers.html
const driver535 = "al2-ami-sagemaker-inference-gpu-2"

// amiVersion is a version of the host's image with the newest CUDA that its
// driver runs.
type amiVersion struct {
	name string
	cuda float64 // 0: no GPU driver
}

// amiVersions are the values of InferenceAmiVersion.
// https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProductionVariant.html
var amiVersions = []amiVersion{
	{driver535, 12.2},
	{"al2-ami-sagemaker-inference-gpu-2-1", 12.2},
	{"al2-ami-sagemaker-inference-gpu-3-1", 12.4},
	{"al2023-ami-sagemaker-inference-gpu-4-1", 13.0},
	{"al2-ami-sagemaker-inference-neuron-2", 0},
}

// checkAMIVersion returns why the model's image does not run on a version.
func checkAMIVersion(name string) error {
	i := slices.IndexFunc(amiVersions, func(a amiVersion) bool { return a.name == name })
	switch {
	case i < 0:
		return fmt.Errorf("%q is not a version that Gen3D knows; set one of %s", name, strings.Join(amiNames(), ", "))
	case amiVersions[i].cuda == 0:
		return fmt.Errorf("%s has no GPU driver; set one of %s", name, strings.Join(amiNames(), ", "))
	case amiVersions[i].cuda < ImageCUDA:
		return fmt.Errorf("%s runs CUDA up to %.1f, the model's image needs %.1f; set one of %s", name, amiVersions[i].cuda, ImageCUDA, strings.Join(amiNames(), ", "))
	}
	return nil
}

// amiNames returns the versions on which the model's image runs.
func amiNames() (names []string) {
	for _, a := range amiVersions {
		if a.cuda >= ImageCUDA {
			names = append(names, a.name)
		}
	}
	return names
}

// HostCUDA returns the newest CUDA version that a version of the host's image
// runs, and whether the version is known.
func HostCUDA(version string) (cuda float64, known bool) {
	i := slices.IndexFunc(amiVersions, func(a amiVersion) bool { return a.name == version })
	if i < 0 {
		return 0, false
	}
	return amiVersions[i].cuda, true
}
