package infra

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// The API looks at the endpoint under every setting; only what starts instances
// may start them.
func TestWakeSettingDecidesWhoMayStartAnInstance(t *testing.T) {
	const look, start = "sagemaker:DescribeEndpoint", "sagemaker:UpdateEndpointWeightsAndCapacities"
	for setting, want := range map[string]struct {
		extract, api []string
		onPhoto      bool
	}{
		"alarm":  {[]string{"sagemaker:InvokeEndpointAsync"}, []string{look}, false},
		"submit": {[]string{look, "sagemaker:InvokeEndpointAsync", start}, []string{look, start}, false},
		"photo":  {[]string{look, "sagemaker:InvokeEndpointAsync", start}, []string{look, start}, true},
	} {
		t.Run(setting, func(t *testing.T) {
			seen := 0
			for _, r := range mustDeploy(t, "dev", map[string]string{"gen3d:model.enabled": "true", "gen3d:autoscaling.wake": setting}) {
				switch r.Name {
				case "extract-policy":
					if got := onEndpoint(t, r); !slices.Equal(got, want.extract) {
						t.Errorf("Extract may %v; want %v", got, want.extract)
					}
				case "api-policy":
					if got := onEndpoint(t, r); !slices.Equal(got, want.api) {
						t.Errorf("the API may %v; want %v", got, want.api)
					}
				case "page-config.json":
					var config struct{ WakeOnPhoto *bool }
					if err := json.Unmarshal([]byte(r.Inputs["content"].StringValue()), &config); err != nil {
						t.Fatal(err)
					}
					if config.WakeOnPhoto == nil || *config.WakeOnPhoto != want.onPhoto {
						t.Errorf("the page is told %v", config.WakeOnPhoto)
					}
				case "api-function", "extract-function":
					variables := r.Inputs["environment"].ObjectValue()["variables"].ObjectValue()
					if got := variables["WAKE"].StringValue(); got != setting {
						t.Errorf("%s has the setting %s", r.Name, got)
					}
				default:
					seen--
				}
				seen++
			}
			if seen != 5 {
				t.Errorf("%d resources were looked at; want two functions, their policies and the page's settings", seen)
			}
		})
	}
}

// onEndpoint returns the actions of SageMaker that a policy allows.
func onEndpoint(t *testing.T, r registration) (actions []string) {
	t.Helper()
	data, err := json.Marshal(r.json(t, "policy"))
	if err != nil {
		t.Fatal(err)
	}
	var policy struct{ Statement []struct{ Action []string } }
	if err := json.Unmarshal(data, &policy); err != nil {
		t.Fatal(err)
	}
	for _, s := range policy.Statement {
		for _, action := range s.Action {
			if strings.HasPrefix(action, "sagemaker:") {
				actions = append(actions, action)
			}
		}
	}
	slices.Sort(actions)
	return actions
}
