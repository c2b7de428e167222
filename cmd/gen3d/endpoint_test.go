package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
)

// checkWith checks an endpoint whose live configuration is this one. Three
// configurations exist, of which two share a model, and one of another stack.
// It returns what was deleted.
func checkWith(t *testing.T, live string) (deleted []string, output string, err error) {
	t.Helper()
	models := map[string]string{"Config-dev-1": "m1", "Config-dev-2": "m2", "Config-dev-3": "m2", "Config-dev-other-1": "m9"}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var asked struct{ EndpointConfigName, ModelName string }
		_ = json.NewDecoder(r.Body).Decode(&asked)
		var answer any = map[string]any{}
		switch r.Header.Get("X-Amz-Target") {
		case "SageMaker.DescribeEndpoint":
			answer = map[string]any{"EndpointStatus": "InService", "EndpointConfigName": live}
		case "SageMaker.ListEndpointConfigs":
			var listed []any
			for name := range models {
				listed = append(listed, map[string]any{"EndpointConfigName": name})
			}
			answer = map[string]any{"EndpointConfigs": listed}
		case "SageMaker.DescribeEndpointConfig":
			answer = map[string]any{"ProductionVariants": []any{map[string]any{"ModelName": models[asked.EndpointConfigName]}}}
		case "SageMaker.DeleteEndpointConfig", "SageMaker.DeleteModel":
			deleted = append(deleted, asked.EndpointConfigName+asked.ModelName)
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		_ = json.NewEncoder(w).Encode(answer)
	}))
	t.Cleanup(server.Close)
	client := sagemaker.NewFromConfig(aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String(server.URL), Credentials: credentials.NewStaticCredentialsProvider("k", "s", ""),
	})
	var stdout bytes.Buffer
	err = checkEndpoint(t.Context(), client, endpointStack{Name: "e", Config: "Config-dev-3"}, &stdout)
	slices.Sort(deleted)
	return deleted, stdout.String(), err
}

func TestEarlierConfigurationsAreDeletedAfterAnUpdate(t *testing.T) {
	deleted, output, err := checkWith(t, "Config-dev-3")
	if err != nil || !strings.Contains(output, "2 earlier ones are deleted") {
		t.Fatalf("%v: %s", err, output)
	}
	if want := []string{"Config-dev-1", "Config-dev-2", "m1"}; !slices.Equal(deleted, want) {
		t.Errorf("deleted %v, want %v: the model m2 is in use", deleted, want)
	}
}

func TestNothingIsDeletedAfterARollback(t *testing.T) {
	deleted, _, err := checkWith(t, "Config-dev-2")
	if err == nil || !strings.Contains(err.Error(), "rolled") {
		t.Errorf("got %v", err)
	}
	if len(deleted) > 0 {
		t.Errorf("deleted %v", deleted)
	}
}
