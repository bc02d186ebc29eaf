using System.Security.Cryptography;
using System.Text;
using MQTTnet;
using MQTTnet.Protocol;

namespace Anax.Interop;

/// <summary>The client's side of SCRAM-SHA-256 (RFC 5802, RFC 7677), as a handler of MQTTnet's client.</summary>
public sealed class Scram(string userName, string password) : IMqttEnhancedAuthenticationHandler
{
    string _password = password;
    string _nonce = "";
    TaskCompletionSource _done = new();

    /// <summary>Ends with the exchange that began last.</summary>
    public Task Done => _done.Task;

    /// <summary>A new exchange on the same connection, with another password if one is given.</summary>
    public void Begin(string? password)
    {
        _password = password ?? _password;
        _done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>The first message, with a new nonce.</summary>
    public byte[] First()
    {
        _nonce = Convert.ToHexString(RandomNumberGenerator.GetBytes(12));
        return Encoding.UTF8.GetBytes($"n,,{FirstBare}");
    }

    string FirstBare => $"n={userName},r={_nonce}";

    public async Task HandleEnhancedAuthenticationAsync(MqttEnhancedAuthenticationEventArgs args)
    {
        if (args.ReasonCode == MqttAuthenticateReasonCode.Success)
        {
            _done.TrySetResult();
            return;
        }
        var serverFirst = Encoding.UTF8.GetString(args.AuthenticationData);
        var final = Encoding.UTF8.GetBytes(FinalFor(serverFirst));
        await args.SendAsync(new SendMqttEnhancedAuthenticationDataOptions { Data = final });
    }

    string FinalFor(string serverFirst)
    {
        var fields = serverFirst.Split(',').ToDictionary(field => field[0], field => field[2..]);
        var salted = Rfc2898DeriveBytes.Pbkdf2(
            _password, Convert.FromBase64String(fields['s']), int.Parse(fields['i']), HashAlgorithmName.SHA256, 32);
        var clientKey = HMACSHA256.HashData(salted, "Client Key"u8);
        var withoutProof = $"c=biws,r={fields['r']}";
        var signed = Encoding.UTF8.GetBytes($"{FirstBare},{serverFirst},{withoutProof}");
        var signature = HMACSHA256.HashData(SHA256.HashData(clientKey), signed);
        var proof = clientKey.Zip(signature, (one, other) => (byte)(one ^ other)).ToArray();
        return $"{withoutProof},p={Convert.ToBase64String(proof)}";
    }
}
