// Package check parses the files of deploy/ with the parsers of the programs that read them, and checks what a
// parser cannot know. It does not apply them.
package check

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"sigs.k8s.io/yaml"
)

// The files for Kubernetes have no field that its API does not have, and run without privileges.
func TestKubernetes(t *testing.T) {
	var deployment appsv1.Deployment
	var migration batchv1.Job
	var service corev1.Service
	var budget policyv1.PodDisruptionBudget
	var autoscaler autoscalingv2.HorizontalPodAutoscaler
	for file, into := range map[string]any{
		"deployment.yaml": &deployment, "migration.yaml": &migration, "service.yaml": &service,
		"disruption-budget.yaml": &budget, "autoscaler.yaml": &autoscaler,
	} {
		text, err := os.ReadFile(filepath.Join("../kubernetes", file))
		if err == nil {
			err = yaml.UnmarshalStrict(text, into)
		}
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
	}
	for name, pod := range map[string]corev1.PodSpec{"deployment": deployment.Spec.Template.Spec, "migration": migration.Spec.Template.Spec} {
		container := pod.Containers[0]
		security := container.SecurityContext
		if !*pod.SecurityContext.RunAsNonRoot || *security.AllowPrivilegeEscalation || !*security.ReadOnlyRootFilesystem ||
			!slices.Contains(security.Capabilities.Drop, "ALL") || container.Resources.Limits.Memory().IsZero() {
			t.Errorf("the %s runs with privileges or without a limit of memory: %+v", name, security)
		}
	}
	labels := deployment.Spec.Template.Labels
	for name, selector := range map[string]map[string]string{
		"deployment": deployment.Spec.Selector.MatchLabels, "service": service.Spec.Selector, "budget": budget.Spec.Selector.MatchLabels,
	} {
		for key, value := range selector {
			if labels[key] != value {
				t.Errorf("the selector of the %s does not match the pods: %v, %v", name, selector, labels)
			}
		}
	}
	if autoscaler.Spec.ScaleTargetRef.Name != deployment.Name || int(*deployment.Spec.Replicas) < int(*autoscaler.Spec.MinReplicas) {
		t.Errorf("the autoscaler is of %+v", autoscaler.Spec.ScaleTargetRef)
	}
	server := deployment.Spec.Template.Spec.Containers[0]
	if server.LivenessProbe.HTTPGet.Path != "/healthz" || server.ReadinessProbe.HTTPGet.Path != "/readyz" {
		t.Errorf("probes: %+v, %+v", server.LivenessProbe, server.ReadinessProbe)
	}
	text, err := os.ReadFile("../kubernetes/kustomization.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var kustomization struct{ Resources []string }
	if err := yaml.Unmarshal(text, &kustomization); err != nil || len(kustomization.Resources) != 5 {
		t.Errorf("kustomization: %+v, %v", kustomization, err)
	}
}

// Compose accepts the file of its services.
func TestCompose(t *testing.T) {
	t.Setenv("POSTGRES_PASSWORD", "password")
	t.Setenv("JWT_SECRET", "secret")
	options, err := cli.NewProjectOptions([]string{"../docker/compose.yaml"}, cli.WithOsEnv)
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"server1", "server2", "migrate", "proxy", "primary", "replica", "redis"} {
		if _, err := project.GetService(name); err != nil {
			t.Error(err)
		}
	}
}

// The image has no root user and no shell.
func TestDockerfile(t *testing.T) {
	file, err := os.Open("../docker/Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	parsed, err := parser.Parse(file)
	if err != nil || len(parsed.Warnings) > 0 {
		t.Fatalf("%v, %v", err, parsed.Warnings)
	}
	var last []string
	for _, instruction := range parsed.AST.Children {
		line := strings.ToUpper(instruction.Value)
		if line == "FROM" {
			last = nil
		}
		for next := instruction.Next; next != nil; next = next.Next {
			line += " " + next.Value
		}
		last = append(last, line)
	}
	if last[0] != "FROM scratch" || !slices.Contains(last, "USER 65532:65532") || !slices.Contains(last, "ENTRYPOINT /7p") {
		t.Errorf("the last stage is %q", last)
	}
}

// Terraform can parse the file.
func TestTerraform(t *testing.T) {
	if _, diagnostics := hclparse.NewParser().ParseHCLFile("../terraform/cloudfront.tf"); diagnostics.HasErrors() {
		t.Error(diagnostics)
	}
}

// nginx accepts its configuration, and systemd the unit.
func TestNginxAndSystemd(t *testing.T) {
	text, err := os.ReadFile("../nginx/nginx.conf")
	if err != nil {
		t.Fatal(err)
	}
	if regexp.MustCompile(`proxy_next_upstream[^;]*http_503`).Match(text) {
		t.Error("nginx.conf takes a server out because of a 503, which each overloaded server sends: then all are out")
	}
	dir := t.TempDir()
	local := strings.NewReplacer("server1:", "127.0.0.1:", "server2:", "127.0.0.2:", "http {", "pid "+dir+"/pid;\nhttp {").Replace(string(text))
	config, unit, program := filepath.Join(dir, "nginx.conf"), filepath.Join(dir, "7p.service"), filepath.Join(dir, "7p")
	service, err := os.ReadFile("../systemd/7p.service")
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		config: local, program: "#!/bin/sh\n", unit: strings.ReplaceAll(string(service), "/usr/local/bin/7p", program),
	} {
		if err := os.WriteFile(name, []byte(content), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, command := range [][]string{
		{"nginx", "-t", "-e", "stderr", "-c", config},
		{"systemd-analyze", "verify", unit},
	} {
		if output, err := exec.CommandContext(t.Context(), command[0], command[1:]...).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", strings.Join(command, " "), err, output)
		}
	}
}
