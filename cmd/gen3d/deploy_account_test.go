package main

import (
	"encoding/base64"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"gen3d/internal/modelimage"
	"gen3d/tests/support/standin"
)

// awsAccount plays an AWS account, apart from S3. What the fake programs
// created is in files of a folder.
type awsAccount struct {
	url    string
	folder string
	pool   *standin.UserPool
	mu     sync.Mutex
	quota  float64 // of GPU instances
}

type fields = map[string]any

func newAWSAccount(t *testing.T, folder string) *awsAccount {
	t.Helper()
	services := standin.New(t)
	a := &awsAccount{url: services.URL(), folder: folder, quota: 2, pool: services.UserPool()}
	services.Handle("POST /{$}", func(w http.ResponseWriter, r *http.Request) {
		if r.PostFormValue("Action") == "GetCallerIdentity" {
			standin.Identity(w, "123456789012", "")
			return
		}
		services.ServeTarget(w, r)
	})
	services.Handle("GET /v2/email/account", func(w http.ResponseWriter, _ *http.Request) {
		// https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_GetAccount.html
		standin.Reply(w, fields{"ProductionAccessEnabled": true, "SendingEnabled": true, "EnforcementStatus": "HEALTHY"})
	})
	services.Handle("GET /v2/email/identities/{name}", func(w http.ResponseWriter, _ *http.Request) {
		// pending from the first up on: a person follows the link in AWS's mail
		if !a.has("up") {
			standin.Refuse(w, http.StatusNotFound, "NotFoundException", "no such identity")
			return
		}
		standin.Reply(w, fields{"VerifiedForSendingStatus": false})
	})
	for name, operation := range map[string]standin.Operation{
		"ServiceQuotasV20190624.GetServiceQuota":                     standin.Strict(a.lambdaQuota),
		"ServiceQuotasV20190624.ListServiceQuotas":                   a.quotas,
		"ServiceQuotasV20190624.ListAWSDefaultServiceQuotas":         a.quotas,
		"AWSCognitoIdentityProviderService.DescribeUserPoolDomain":   constant(fields{"DomainDescription": fields{}}), // free
		"AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken": constant(fields{"authorizationData": []any{fields{"authorizationToken": base64.StdEncoding.EncodeToString([]byte("AWS:registry-secret"))}}}),
		"AmazonEC2ContainerRegistry_V20150921.DescribeImages":        a.images,
		"GraniteServiceVersion20100801.DescribeAlarms":               constant(fields{"MetricAlarms": []any{}}),
		"SageMaker.DescribeEndpoint":                                 standin.Strict(a.endpoint),
		"SageMaker.DescribeEndpointConfig":                           standin.Strict(a.endpointConfig),
		"SageMaker.ListEndpointConfigs":                              constant(fields{"EndpointConfigs": []any{fields{"EndpointConfigName": "Config-dev-1"}}}),
	} {
		services.On(name, operation)
	}
	return a
}

func constant(answer fields) standin.Operation {
	return func([]byte) (any, *standin.Fault) { return answer, nil }
}

func (a *awsAccount) has(name string) bool {
	_, err := os.Stat(filepath.Join(a.folder, name))
	return err == nil
}

func (a *awsAccount) lambdaQuota(in struct{ ServiceCode, QuotaCode string }) (any, *standin.Fault) {
	return fields{"Quota": fields{"ServiceCode": in.ServiceCode, "QuotaCode": in.QuotaCode, "Value": 1000}}, nil
}

func (a *awsAccount) quotas([]byte) (any, *standin.Fault) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return fields{"Quotas": []any{fields{"ServiceCode": "sagemaker", "QuotaName": "ml.g6e.xlarge for endpoint usage", "QuotaCode": "L-1", "Value": a.quota}}}, nil
}

func (a *awsAccount) images([]byte) (any, *standin.Fault) {
	if !a.has("pushed") {
		return nil, &standin.Fault{Status: http.StatusBadRequest, Code: "ImageNotFoundException", Message: "no such image"}
	}
	return fields{"imageDetails": []any{fields{"imageDigest": "sha256:1", "imageManifestMediaType": modelimage.MediaType}}}, nil
}

func (a *awsAccount) endpoint(in struct{ EndpointName string }) (any, *standin.Fault) {
	if !a.has("endpoint") || in.EndpointName != "Gen3DSAMAsyncEndpoint-dev" {
		return nil, &standin.Fault{Status: http.StatusBadRequest, Code: "ValidationException", Message: "Could not find endpoint"}
	}
	return fields{"EndpointName": in.EndpointName, "EndpointStatus": "InService", "EndpointConfigName": "Config-dev-1"}, nil
}

func (a *awsAccount) endpointConfig(in struct{ EndpointConfigName string }) (any, *standin.Fault) {
	return fields{"EndpointConfigName": in.EndpointConfigName, "ProductionVariants": []any{}}, nil
}

func (a *awsAccount) setQuota(quota float64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.quota = quota
}

// names returns the addresses of the users.
func (a *awsAccount) names() []string {
	var names []string
	for _, user := range a.pool.Accounts {
		names = append(names, user.Email)
	}
	return names
}
