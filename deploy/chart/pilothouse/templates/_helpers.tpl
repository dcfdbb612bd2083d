{{- define "pilothouse.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "pilothouse.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "pilothouse.labels" -}}
{{ include "pilothouse.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "pilothouse.args" -}}
- run
- --watch-all-namespaces={{ .Values.watchAllNamespaces }}
{{- with .Values.watchLabelSelector }}
- {{ printf "--watch-label-selector=%s" . | quote }}
{{- end }}
- --concurrent={{ .Values.concurrent }}
- --log-level={{ .Values.logLevel }}
- --log-encoding=json
- --enable-leader-election
- --graceful-shutdown-timeout={{ .Values.terminationGracePeriodSeconds }}s
{{- with .Values.eventsAddr }}
- {{ printf "--events-addr=%s" . | quote }}
{{- end }}
{{- if not .Values.clusterAdmin }}
- --no-cross-namespace-refs
{{- with .Values.defaultServiceAccount }}
- {{ printf "--default-service-account=%s" . | quote }}
{{- end }}
{{- end }}
{{- $gates := deepCopy .Values.featureGates }}
{{- if .Values.workloadIdentity }}{{ $_ := set $gates "ObjectLevelWorkloadIdentity" true }}{{ end }}
{{- range $name, $enabled := $gates }}
- --feature-gates={{ $name }}={{ $enabled }}
{{- end }}
{{- range .Values.extraArgs }}
- {{ . | quote }}
{{- end }}
{{- end }}
