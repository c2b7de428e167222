package settings

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Instance is a GPU instance type of SageMaker hosting.
type Instance struct {
	Type        string
	GPU         string
	GPUs        int
	MemoryGB    int     // of one GPU; the model uses one
	USDPerHour  float64 // for estimates; see PriceRecorded
	HasLocalSSD bool    // its disk is always encrypted, and SageMaker accepts no KMS key for it
	// PriceRecorded is true for a price that public repositories record as
	// SageMaker's list price, false for an unchecked estimate.
	PriceRecorded bool
	// AMIVersion is the version of the host's image; empty: none is known that
	// has a driver for the model's image.
	AMIVersion string
}

// minimumGPUMemoryGB is the GPU memory that SAM 3D Objects needs.
// https://github.com/facebookresearch/sam-3d-objects/blob/cf06676/doc/setup.md
const minimumGPUMemoryGB = 32

// instances are the GPU types of SageMaker hosting. Memory of one GPU: T4 16,
// V100 16, A10G 24, L4 24, L40S 48, A100 40 (p4d) or 80 (p4de), H100 80, H200
// 141 GB (https://aws.amazon.com/ec2/instance-types/#Accelerated_Computing).
//
// Prices are on demand, for estimates only; other regions differ. None was read
// from https://aws.amazon.com/sagemaker/ai/pricing/, which has the current
// ones. The prices of g4dn and p3 are from
// https://github.com/goerlitz/nlp-classification/blob/HEAD/notebooks/10kGNAD/sagemaker/README.md,
// the recorded ones of g5 and g6 from several public tables of SageMaker's
// prices for us-east-1, and g5.16xlarge from
// https://github.com/ZindiAfrica/AI-for-Equity-Challenges-Getting-Started-with-AWS-Resources
// (us-east-2, which has the same). For g6e, p4 and p5 such tables contradict
// each other: their prices are unchecked estimates.
var instances = []Instance{
	{"ml.g4dn.xlarge", "T4", 1, 16, 0.7364, true, true, driver535},
	{"ml.g4dn.2xlarge", "T4", 1, 16, 0.94, true, true, driver535},
	{"ml.g4dn.4xlarge", "T4", 1, 16, 1.505, true, true, driver535},
	{"ml.g4dn.8xlarge", "T4", 1, 16, 2.72, true, true, driver535},
	{"ml.g4dn.12xlarge", "T4", 4, 16, 4.89, true, true, driver535},
	{"ml.g4dn.16xlarge", "T4", 1, 16, 5.44, true, true, driver535},
	{"ml.p3.2xlarge", "V100", 1, 16, 3.825, false, true, driver535},
	{"ml.p3.8xlarge", "V100", 4, 16, 14.688, false, true, driver535},
	{"ml.p3.16xlarge", "V100", 8, 16, 28.152, false, true, driver535},
	{"ml.g5.xlarge", "A10G", 1, 24, 1.408, true, true, driver535},
	{"ml.g5.2xlarge", "A10G", 1, 24, 1.515, true, true, driver535},
	{"ml.g5.4xlarge", "A10G", 1, 24, 2.03, true, true, driver535},
	{"ml.g5.8xlarge", "A10G", 1, 24, 3.06, true, true, driver535},
	{"ml.g5.12xlarge", "A10G", 4, 24, 7.09, true, true, driver535},
	{"ml.g5.16xlarge", "A10G", 1, 24, 5.12, true, true, driver535},
	{"ml.g5.24xlarge", "A10G", 4, 24, 10.18, true, true, driver535},
	{"ml.g5.48xlarge", "A10G", 8, 24, 20.36, true, true, driver535},
	{"ml.g6.xlarge", "L4", 1, 24, 1.1267, true, true, driver535},
	{"ml.g6.2xlarge", "L4", 1, 24, 1.222, true, true, driver535},
	{"ml.g6.4xlarge", "L4", 1, 24, 1.654, true, true, driver535},
	{"ml.g6.8xlarge", "L4", 1, 24, 2.518, true, false, driver535},
	{"ml.g6.12xlarge", "L4", 4, 24, 5.752, true, true, driver535},
	{"ml.g6.16xlarge", "L4", 1, 24, 4.246, true, true, driver535},
	{"ml.g6.24xlarge", "L4", 4, 24, 8.344, true, true, driver535},
	{"ml.g6.48xlarge", "L4", 8, 24, 16.688, true, true, driver535},
	{"ml.g6e.xlarge", "L40S", 1, 48, 2.6054, true, false, driver535},
	{"ml.g6e.2xlarge", "L40S", 1, 48, 2.8026, true, false, driver535},
	{"ml.g6e.4xlarge", "L40S", 1, 48, 3.7553, true, false, driver535},
	{"ml.g6e.8xlarge", "L40S", 1, 48, 5.6607, true, false, driver535},
	{"ml.p5.4xlarge", "H100", 1, 80, 7.912, true, false, driver535},
	{"ml.g6e.16xlarge", "L40S", 1, 48, 9.4715, true, false, driver535},
	{"ml.g6e.12xlarge", "L40S", 4, 48, 13.1158, true, false, driver535},
	{"ml.g6e.24xlarge", "L40S", 4, 48, 18.832, true, false, driver535},
	{"ml.p4d.24xlarge", "A100", 8, 40, 25.2513, true, false, driver535},
	{"ml.p4de.24xlarge", "A100", 8, 80, 31.5641, true, false, driver535},
	{"ml.g6e.48xlarge", "L40S", 8, 48, 37.664, true, false, driver535},
	{"ml.p5.48xlarge", "H100", 8, 80, 63.296, true, false, driver535},
}

// FindInstance returns the description of a type. For a type on which the model
// cannot run, the error gives the reason and the cheapest type that fits.
func FindInstance(name string) (Instance, error) {
	nearest := Fitting()[0]
	i := slices.IndexFunc(instances, func(i Instance) bool { return i.Type == name })
	if i < 0 {
		return Instance{}, fmt.Errorf("%q is not a GPU type of SageMaker hosting that Gen3D knows; set %s, or one of %s", name, nearest.Type, strings.Join(types(Fitting()[1:]), ", "))
	}
	if found := instances[i]; found.MemoryGB >= minimumGPUMemoryGB {
		return found, nil
	}
	return Instance{}, fmt.Errorf("%s has %d GB on a GPU (%s), and SAM 3D Objects needs %d GB on one GPU; take %s (%s, %d GB, about $%.2f an hour)",
		name, instances[i].MemoryGB, instances[i].GPU, minimumGPUMemoryGB, nearest.Type, nearest.GPU, nearest.MemoryGB, nearest.USDPerHour)
}

// Fitting returns the types on which the model can run, the cheapest first.
func Fitting() []Instance {
	var fit []Instance
	for _, i := range instances {
		if i.MemoryGB >= minimumGPUMemoryGB {
			fit = append(fit, i)
		}
	}
	slices.SortStableFunc(fit, func(a, b Instance) int { return cmp.Compare(a.USDPerHour, b.USDPerHour) })
	return fit
}

func types(list []Instance) []string {
	names := make([]string, len(list))
	for i, instance := range list {
		names[i] = instance.Type
	}
	return names
}
